import type { DataDefinition } from '../definition.ts';
import { type AssociativeRecall, openAssociativeRecall } from '../synthetics/associative-recall.ts';
import { tokenDefinition } from '../synthetics/definition.ts';
import type { SyntheticTokens } from '../synthetics/token-set.ts';

/** Associative recall (Fu et al. 2022, H3, arXiv 2212.14052). */
const definition: DataDefinition<SyntheticTokens<AssociativeRecall>> = tokenDefinition(
  'associative-recall',
  'Associative recall, made by the published recipe',
  'generated-equivalent',
  openAssociativeRecall,
);
export default definition;
