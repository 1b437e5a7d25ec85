import { spamAssassinPackage } from '../corpora/packages.ts';
import type { DataDefinition } from '../definition.ts';
import { openSpamHam } from '../spamham/spamham.ts';
import { spamHamBaselines, verifySpamHam } from '../spamham/verify.ts';
import type { CharacterTexts } from '../text/character-texts.ts';

/** In the place of LRA Text (IMDB), which cannot be had without its download. */
const definition: DataDefinition<CharacterTexts> = {
  id: 'text-spamham',
  title: 'spam or not, real e-mail by characters',
  made: 'stand-in:text-spamham',
  source: 'imdb',
  realFolder: null,
  ingredients: [spamAssassinPackage],
  open: openSpamHam,
  verify: verifySpamHam,
  baselines: spamHamBaselines,
};
export default definition;
