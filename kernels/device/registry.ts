/** Devices by name: each is a file of this folder that exports `open`, named here. None is opened unasked. */
import type { Device } from './device.ts';
import { DeviceUnavailableError } from './device.ts';

const kinds: Record<string, () => Promise<{ open(index?: number): Promise<Device> }>> = {
  cpu: () => import('./cpu.ts'),
  reference: () => import('./reference.ts'),
  webgpu: () => import('./webgpu.ts'),
};

export const deviceKinds = (): string[] => Object.keys(kinds);

/** Opens `cpu`, `reference`, `webgpu` or `webgpu:1`. Throws `DeviceUnavailableError` with what to install. */
export async function openDevice(id = 'cpu'): Promise<Device> {
  const [kind, index] = id.split(':');
  const load = kinds[kind];
  if (!load || (index !== undefined && !/^\d+$/.test(index)))
    throw new DeviceUnavailableError(`there is no device "${id}": choose one of ${deviceKinds().join(', ')}`);
  return (await load()).open(index === undefined ? 0 : Number(index));
}
