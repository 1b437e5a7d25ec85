import type { DataDefinition } from '../definition.ts';
import { languageBaselines } from '../language/baselines.ts';
import { gptTokenizer } from '../language/gpt2-vocabulary.ts';
import { openPile } from '../language/pile.ts';
import { openPileEdition } from '../language/pile-editions.ts';
import { verifyPile } from '../language/pile-verify.ts';
import type { LanguageData } from '../language/token-dataset.ts';

/** Gao et al. 2020, arXiv 2101.00027, without what was taken down in 2023. */
const definition: DataDefinition<LanguageData> = {
  id: openPileEdition.id,
  title: 'what the public can get of the Pile, GPT-2 tokens',
  made: null,
  source: 'pile-uncopyrighted',
  realFolder: '.',
  ingredients: [gptTokenizer],
  open: (options) => openPile(options, openPileEdition),
  verify: (options) => verifyPile(options, openPileEdition),
  baselines: languageBaselines,
};
export default definition;
