import { type AssociativeRecall, openAssociativeRecall, type RecallOptions } from '../synthetics/associative-recall.ts';
import { tokenDefinition } from '../synthetics/definition.ts';

/** Associative recall (Fu et al. 2022, H3, arXiv 2212.14052). */
export default tokenDefinition<AssociativeRecall, RecallOptions>({
  ...{
    id: 'associative-recall',
    title: 'Associative recall, made by the published recipe',
    made: 'generated-equivalent',
  },
  open: openAssociativeRecall,
  settings: ['vocabulary', 'keys', 'allowDot'],
  // The other setting of H3's table, what its code can do besides, and a length of Hyena's.
  also: [{ vocabulary: 10, length: 20 }, { allowDot: true }, { vocabulary: 30, length: 1024, sizes: { train: 1000 } }],
});
