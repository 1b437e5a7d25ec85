import { brownPackage } from '../corpora/packages.ts';
import type { DataDefinition } from '../definition.ts';
import { languageBaselines } from '../language/baselines.ts';
import { openBrownWt } from '../language/brown-wt.ts';
import { gptTokenizer } from '../language/gpt2-vocabulary.ts';
import { verifyBrownWt } from '../language/stand-ins-verify.ts';
import type { LanguageData } from '../language/token-dataset.ts';

/** Francis and Kucera 1964, A Standard Corpus of Present-Day Edited American English. */
const definition: DataDefinition<LanguageData> = {
  id: 'brown-wt',
  title: 'the Brown corpus in the files of WikiText-103, GPT-2 tokens',
  made: 'stand-in:brown-wt',
  source: 'wikitext-103',
  realFolder: null,
  ingredients: [brownPackage, gptTokenizer],
  open: openBrownWt,
  verify: verifyBrownWt,
  baselines: languageBaselines,
};
export default definition;
