/** Every system of the tables, from the mixers' own definitions. */
import { loadMixer, type MixerDefinition, mixerConfig, mixerIds, type System } from './mixer.ts';

export interface LoadedSystem extends System {
  definition: MixerDefinition;
  /** The mixer's defaults with the system's options. */
  options: Record<string, unknown>;
}

export const systems: readonly LoadedSystem[] = (await Promise.all(mixerIds().map(loadMixer))).flatMap((definition) =>
  (definition.systems ?? [{ id: definition.id, title: definition.title }]).map((system) => ({
    ...system,
    definition,
    options: mixerConfig(definition, system.config),
  })),
);

export const systemIds: readonly string[] = systems.map((s) => s.id);

/** Those of the LRA speed comparison, the Transformer and FlashAttention first. */
export const speedSystems: readonly LoadedSystem[] = systems
  .filter((s) => s.speed)
  .toSorted((a, b) => rank(a) - rank(b));

export function findSystem(id: string): LoadedSystem {
  const found = systems.find((s) => s.id === id);
  if (!found) throw new RangeError(`there is no model "${id}": choose one of ${systemIds.join(', ')}`);
  return found;
}

/** The yardsticks first, then attention, then the rest by name. */
function rank({ id, definition }: LoadedSystem): number {
  const first = ['transformer', 'flash-transformer'].indexOf(id);
  return first >= 0 ? first : definition.kind === 'attention' ? 2 : 3;
}
