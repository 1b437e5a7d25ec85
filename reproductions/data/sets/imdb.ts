import type { DataDefinition } from '../definition.ts';
import { openImdb } from '../imdb/imdb.ts';
import { imdbBaselines, verifyImdb } from '../imdb/verify.ts';
import type { CharacterTexts } from '../text/character-texts.ts';

/** LRA Text (Maas et al. 2011; Tay et al. 2020, arXiv 2011.04006). */
const definition: DataDefinition<CharacterTexts> = {
  id: 'imdb',
  title: 'LRA Text: film reviews by characters',
  made: null,
  source: 'imdb',
  realFolder: 'aclImdb',
  ingredients: [],
  open: openImdb,
  verify: verifyImdb,
  baselines: imdbBaselines,
};
export default definition;
