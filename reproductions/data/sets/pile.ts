import type { DataDefinition } from '../definition.ts';
import { languageBaselines } from '../language/baselines.ts';
import { gptTokenizer } from '../language/gpt2-vocabulary.ts';
import { openPile } from '../language/pile.ts';
import { verifyPile } from '../language/pile-verify.ts';
import type { LanguageData } from '../language/token-dataset.ts';

/** Gao et al. 2020, arXiv 2101.00027; as H3, Hyena and Long Conv train on it. */
const definition: DataDefinition<LanguageData> = {
  id: 'pile',
  title: 'The Pile, GPT-2 tokens',
  made: null,
  source: 'pile',
  realFolder: '.',
  ingredients: [gptTokenizer],
  open: (options) => openPile(options),
  verify: (options) => verifyPile(options),
  baselines: languageBaselines,
};
export default definition;
