import type { DataDefinition } from '../definition.ts';
import { languageBaselines } from '../language/baselines.ts';
import { gptTokenizer } from '../language/gpt2-vocabulary.ts';
import { openOpenWebText } from '../language/openwebtext.ts';
import { verifyOpenWebText } from '../language/openwebtext-verify.ts';
import type { LanguageData } from '../language/token-dataset.ts';

/** Gokaslan and Cohen 2019, OpenWebText Corpus. */
const definition: DataDefinition<LanguageData> = {
  id: 'openwebtext',
  title: 'OpenWebText, GPT-2 tokens',
  made: null,
  source: 'openwebtext',
  realFolder: '.',
  readsArchives: true,
  ingredients: [gptTokenizer],
  open: openOpenWebText,
  verify: verifyOpenWebText,
  baselines: languageBaselines,
};
export default definition;
