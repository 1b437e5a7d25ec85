import { tokenDefinition } from '../synthetics/definition.ts';
import { type InductionHeads, type InductionOptions, openInductionHeads } from '../synthetics/induction-heads.ts';

/** Induction heads (Olsson et al. 2022; Fu et al. 2022, H3, arXiv 2212.14052). */
export default tokenDefinition<InductionHeads, InductionOptions>({
  ...{ id: 'induction-heads', title: 'Induction heads, made by the published recipe', made: 'generated-equivalent' },
  open: openInductionHeads,
  settings: ['vocabulary', 'copied', 'triggers'],
});
