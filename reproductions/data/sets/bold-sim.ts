import type { DataDefinition } from '../definition.ts';
import { type BoldSim, openBoldSim } from '../fmri/bold-sim.ts';
import { boldSimBaselines } from '../fmri/measure.ts';
import { verifyBoldSim } from '../fmri/verify-sim.ts';

/** Simulated brain recordings whose best possible MAE is known in closed form. */
const definition: DataDefinition<BoldSim> = {
  id: 'bold-sim',
  title: 'Simulated fMRI runs with a known best possible error',
  made: 'stand-in:bold-sim',
  source: 'fmri',
  realFolder: null,
  ingredients: [],
  open: openBoldSim,
  verify: verifyBoldSim,
  baselines: boldSimBaselines,
};
export default definition;
