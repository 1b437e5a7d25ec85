import { brownPackage, stdlibDatasets } from '../corpora/packages.ts';
import type { DataDefinition } from '../definition.ts';
import { openSameDoc } from '../samedoc/samedoc.ts';
import { sameDocBaselines, verifySameDoc } from '../samedoc/verify.ts';
import type { CharacterTexts } from '../text/character-texts.ts';

/** In the place of LRA Retrieval (AAN), which cannot be had without its download. */
const definition: DataDefinition<CharacterTexts> = {
  id: 'retrieval-samedoc',
  title: 'two pieces of one document or not, real text by characters',
  made: 'stand-in:retrieval-samedoc',
  source: 'lra',
  realFolder: null,
  ingredients: [brownPackage, stdlibDatasets],
  open: openSameDoc,
  verify: verifySameDoc,
  baselines: sameDocBaselines,
};
export default definition;
