import type { DataDefinition } from '../definition.ts';
import { openPathfinder, type Pathfinder } from '../pathfinder.ts';
import type { PathfinderSize } from './settings.ts';
import { verifyPathfinder } from './verify.ts';

/** Pathfinder of one side length (Linsley et al. 2018; Tay et al. 2020, arXiv 2011.04006). */
export const pathfinderDefinition = (size: PathfinderSize, name: string): DataDefinition<Pathfinder> => ({
  id: `pathfinder${size}`,
  title: `${name}, made by the published generator`,
  made: 'generated-equivalent',
  source: 'lra',
  realFolder: `lra_release/lra_release/pathfinder${size}`,
  ingredients: [],
  open: (options) => openPathfinder({ ...options, size }),
  verify: (options) => verifyPathfinder(size, options),
});
