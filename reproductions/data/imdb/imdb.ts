/**
 * LRA Text: film reviews by characters, negative (0) or positive (1), prepared as the S4 loader does. The first 4,095
 * code points and `<eos>`; the vocabulary is that of the training reviews so cut, without characters that occur less
 * than 15 times. `val_split` is 0 there: the test set is also the validation set, so the best epoch is chosen on it.
 */
import { cached, keyHash } from '../cache.ts';
import { MissingFileError } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { CharacterTexts, contentInMemory, encodeTexts } from '../text/character-texts.ts';
import { parts, reviewFiles, reviews, stateOf } from './files.ts';

const RECIPE = 1;
export const encoding = { most: 4095, minFrequency: 15 };

/** Throws `MissingFileError` or `FormatError`. */
export async function openImdb({ folder, sizes, signal, progress }: OpenOptions): Promise<CharacterTexts> {
  if (folder === undefined)
    throw new MissingFileError(
      'imdb: these are real reviews only: repro data get imdb, or --data <the folder aclImdb>',
    );
  const files = parts.map((part) => reviewFiles(folder, part));
  const key = { dataset: 'imdb', recipe: RECIPE, files: files.map(stateOf), encoding };
  const total = 2 * files[0].length + files[1].length;
  const arrays = await cached(`imdb/${keyHash(key)}.lcd`, key, () => {
    let before = 0;
    const part = (p: 0 | 1) => () => {
      const first = before;
      before += files[p].length;
      return reviews(files[p], signal, (count) => progress?.(first + count, total));
    };
    return encodeTexts([part(0), part(1)], encoding);
  });
  return new CharacterTexts(
    {
      ...{ id: 'imdb', kind: 'real', classes: 2, most: encoding.most },
      description: ({ train, test }) =>
        `film reviews by characters of ${folder} (${train} / ${test} reviews; ` +
        'the test set is also the validation set, as in the reference loader)',
    },
    contentInMemory(arrays),
    sizes,
  );
}
