import type { DataDefinition } from '../definition.ts';
import { languageBaselines } from '../language/baselines.ts';
import { gptTokenizer } from '../language/gpt2-vocabulary.ts';
import type { LanguageData } from '../language/token-dataset.ts';
import { openWikiText } from '../language/wikitext.ts';
import { verifyWikiText } from '../language/wikitext-verify.ts';

/** Merity et al. 2017, arXiv 1609.07843; as H3, Hyena and Long Conv train on it. */
const definition: DataDefinition<LanguageData> = {
  id: 'wikitext-103',
  title: 'WikiText-103 raw, GPT-2 tokens',
  made: null,
  source: 'wikitext-103',
  realFolder: '.',
  readsArchives: true,
  ingredients: [gptTokenizer],
  open: openWikiText,
  verify: verifyWikiText,
  baselines: languageBaselines,
};
export default definition;
