import type { DataDefinition } from '../definition.ts';
import { tokenDefinition } from '../synthetics/definition.ts';
import { type InductionHeads, openInductionHeads } from '../synthetics/induction-heads.ts';
import type { SyntheticTokens } from '../synthetics/token-set.ts';

/** Induction heads (Olsson et al. 2022; Fu et al. 2022, H3, arXiv 2212.14052). */
const definition: DataDefinition<SyntheticTokens<InductionHeads>> = tokenDefinition(
  'induction-heads',
  'Induction heads, made by the published recipe',
  'generated-equivalent',
  openInductionHeads,
);
export default definition;
