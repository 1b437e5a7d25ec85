import type { DataDefinition } from '../definition.ts';
import { fmriBaselines } from '../fmri/measure.ts';
import { openFmri } from '../fmri/open.ts';
import type { FmriSeries } from '../fmri/series.ts';
import { verifyFmri } from '../fmri/verify.ts';

/** Brain recordings as 1024 networks over time (Thomas, Re and Poldrack 2022, arXiv 2206.11417). */
const definition: DataDefinition<FmriSeries> = {
  id: 'fmri',
  title: 'fMRI runs of 34 sets (learning from brains, upstream)',
  made: null,
  source: 'fmri',
  realFolder: 'learning-from-brains-4a896b4ef7ffd5ad276961b59cf6fc48bd5291f6/data/upstream',
  ingredients: [],
  open: openFmri,
  verify: verifyFmri,
  baselines: fmriBaselines,
};
export default definition;
