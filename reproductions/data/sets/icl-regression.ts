import type { DataDefinition } from '../definition.ts';
import { requireNoFolder } from '../synthetics/definition.ts';
import { ownReading } from '../synthetics/hyena.ts';
import { type IclRegression, openIclRegression } from '../synthetics/icl-regression.ts';
import { regressionBaselines, verifyRegression } from '../synthetics/regression-statistics.ts';

const id = 'icl-regression';

/** Linear functions in context (Garg et al. 2022; Poli et al. 2023, Hyena, arXiv 2302.10866); the definition is ours. */
const definition: DataDefinition<IclRegression> = {
  ...{ id, title: 'Linear functions learnt in context, our reading of the Hyena paper', made: ownReading },
  ...{ source: null, realFolder: null, ingredients: [] },
  async open({ folder, seed, sizes }) {
    requireNoFolder(id, folder);
    return openIclRegression({ ...(seed === undefined ? {} : { seed }), ...(sizes ? { sizes } : {}) });
  },
  async verify({ from, signal }) {
    requireNoFolder(id, from);
    // As many that a w whose spread is 2 % off is seen.
    return verifyRegression(openIclRegression({ sizes: { train: 10_000 } }), signal);
  },
  baselines: async (data) => regressionBaselines(data),
};
export default definition;
