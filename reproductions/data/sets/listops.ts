import type { DataDefinition } from '../definition.ts';
import { listOpsBaselines } from '../listops/baselines.ts';
import { verifyListOps } from '../listops/verify.ts';
import { type ListOps, openListOps } from '../listops.ts';

/** LRA ListOps (Nangia and Bowman 2018; Tay et al. 2020, arXiv 2011.04006). */
const definition: DataDefinition<ListOps> = {
  id: 'listops',
  title: 'LRA ListOps, made by the published generator',
  made: 'generated-equivalent',
  source: 'lra',
  realFolder: 'lra_release/lra_release/listops-1000',
  ingredients: [],
  open: openListOps,
  verify: verifyListOps,
  baselines: listOpsBaselines,
};
export default definition;
