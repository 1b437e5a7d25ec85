/** A folder of film reviews beside what is known of the archive. */
import { createHash } from 'node:crypto';
import { naiveBayes } from '../baselines/classify.ts';
import { type Comparison, compareCount, compareNone, moments } from '../comparison.ts';
import { MissingFileError } from '../dataset.ts';
import type { Baseline, Verified, VerifyOptions, WorkOptions } from '../definition.ts';
import type { CharacterTexts } from '../text/character-texts.ts';
import { CharacterCounts, characterCount } from '../text/characters.ts';
import { buildVocabulary, lraSpecials } from '../text/vocabulary.ts';
import { classes, parts, reviewFiles, reviews } from './files.ts';
import { encoding } from './imdb.ts';

/** Reviews of a class in each part. */
const EACH = 12_500;
/** Named one by one; the count has all. */
const NAMED = 5;
/** Stars of negative and positive reviews; those between were left out of the set. */
const starsOf = [
  [1, 2, 3, 4],
  [7, 8, 9, 10],
];

export async function verifyImdb({ from, signal, progress }: VerifyOptions): Promise<Verified> {
  if (from === undefined) throw new MissingFileError('imdb: there is nothing to verify: repro data get imdb');
  const rows: Comparison[] = [];
  const complaints: string[] = [
    'the reference loader has no validation split (val_split 0): the test set is also the validation set',
  ];
  const wrong = { stars: 0, empty: 0 };
  const complain = (kind: keyof typeof wrong, sentence: string) => {
    if (++wrong[kind] <= NAMED) complaints.push(sentence);
  };
  const characters = new CharacterCounts();
  const texts = { train: new Set<string>(), test: new Set<string>() };
  const lengths: number[] = [];
  const files = parts.map((part) => reviewFiles(from, part));
  const total = files[0].length + files[1].length;
  for (const [p, part] of parts.entries()) {
    for (const [label, name] of classes.entries()) {
      const found = files[p].filter((file) => file.label === label).length;
      rows.push(compareCount(`reviews in ${part}/${name}`, found, EACH));
    }
    const before = p ? files[0].length : 0;
    for await (const { text, label, stars, path } of reviews(files[p], signal, (n) => progress?.(before + n, total))) {
      if (!starsOf[label].includes(stars))
        complain('stars', `${path}: ${stars} stars do not make a ${classes[label]} review`);
      if (!text.trim()) complain('empty', `${path}: the review is empty`);
      if (part === 'train') characters.count(text, encoding.most);
      lengths.push(characterCount(text));
      texts[part].add(createHash('sha1').update(text).digest('base64'));
    }
  }
  const vocabulary = buildVocabulary(characters, { specials: lraSpecials, minFrequency: encoding.minFrequency });
  const cut = lengths.filter((length) => length > encoding.most).length;
  const told = (quantity: string, here: number): Comparison => ({
    ...{ quantity, here, reference: '-', distance: null, limit: null, measure: 'not published' },
  });
  rows.push(
    compareNone('stars that do not fit their class', wrong.stars),
    compareNone('empty reviews', wrong.empty),
    // The loader says 135 in a comment, of an unknown state of the libraries.
    { ...compareCount('vocabulary (about 135)', vocabulary.size, 135, 5), measure: 'entries' },
    told('mean length, characters', moments(lengths).mean),
    told(`reviews longer than ${encoding.most} characters`, cut),
    told('training reviews that repeat another one', files[0].length - texts.train.size),
    told('test reviews that repeat another one', files[1].length - texts.test.size),
    told(
      'texts of the test set that are in the training set',
      [...texts.test].filter((t) => texts.train.has(t)).length,
    ),
  );
  return { what: `the reviews of ${from}`, rows, complaints };
}

export const imdbBaselines = async (data: CharacterTexts, options: WorkOptions): Promise<Baseline[]> => [
  await naiveBayes(data, { method: 'naive Bayes on character 4-grams, smoothing 0.5', n: 4, smoothing: 0.5 }, options),
];
