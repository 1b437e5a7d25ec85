import { openAan } from '../aan/aan.ts';
import { aanBaselines, verifyAan } from '../aan/verify.ts';
import type { DataDefinition } from '../definition.ts';
import type { CharacterTexts } from '../text/character-texts.ts';

/** LRA Retrieval (Radev et al. 2013; Tay et al. 2020, arXiv 2011.04006). */
const definition: DataDefinition<CharacterTexts> = {
  id: 'aan',
  title: 'LRA Retrieval: pairs of papers by characters, citing or not',
  made: null,
  source: 'lra',
  realFolder: 'lra_release/lra_release/tsv_data',
  ingredients: [],
  open: openAan,
  verify: verifyAan,
  baselines: aanBaselines,
};
export default definition;
