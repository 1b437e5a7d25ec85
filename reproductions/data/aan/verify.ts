/** A folder of pairs of papers beside what is known of the archive. */
import { majority } from '../baselines/majority.ts';
import { similarPairs } from '../baselines/similar-pairs.ts';
import { type Comparison, compareCount, compareNone, moments } from '../comparison.ts';
import { MissingFileError, type SplitName, splitNames } from '../dataset.ts';
import type { Baseline, Verified, VerifyOptions, WorkOptions } from '../definition.ts';
import { FormatError } from '../formats/format-error.ts';
import type { CharacterTexts } from '../text/character-texts.ts';
import { CharacterCounts, characterCount } from '../text/characters.ts';
import { buildVocabulary, lraSpecials } from '../text/vocabulary.ts';
import { MOST } from './aan.ts';
import { type DocumentPair, files, pairFiles, pairOf } from './files.ts';
import { bothReadings } from './quoting.ts';

/** Pairs of each file. The last two are from memory: shown, not judged. */
const published: Record<SplitName, number> = { train: 147_086, validation: 18_090, test: 17_437 };
const judged: Record<SplitName, boolean> = { train: true, validation: false, test: false };
/** "Full size 98" says the S4 loader, `<pad>`, `<unk>` and `<eos>` included. */
const VOCABULARY = 98;
const TOTAL = 147_086 + 18_090 + 17_437;

export async function verifyAan({ from, signal, progress }: VerifyOptions): Promise<Verified> {
  if (from === undefined) throw new MissingFileError('aan: there is nothing to verify: repro data get lra');
  const paths = pairFiles(from);
  const characters = new CharacterCounts();
  const seen = splitNames.map(() => ({ documents: new Set<string>(), pairs: new Set<string>() }));
  const lengths: number[] = [];
  const counts = new Map<SplitName, { pairs: number; cites: number; differing: number }>();
  const complaints: string[] = [];
  let empty = 0;
  let unreadable = 0;
  let done = 0;
  for (const [s, split] of splitNames.entries()) {
    const count = { pairs: 0, cites: 0, differing: 0 };
    counts.set(split, count);
    const take = ({ label, ids, texts }: DocumentPair) => {
      if (++done % 500 === 0) progress?.(Math.min(done, TOTAL), TOTAL);
      count.pairs++;
      count.cites += label;
      seen[s].pairs.add(ids.join('\t'));
      for (const [i, text] of texts.entries()) {
        seen[s].documents.add(ids[i]);
        if (!text) empty++;
        if (split === 'train') characters.count(text, MOST);
        lengths.push(characterCount(text));
      }
    };
    try {
      for await (const { quoted, differs } of bothReadings(paths[s], signal)) {
        if (differs) count.differing++;
        if (quoted) take(pairOf(paths[s], quoted));
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      unreadable++;
      complaints.push(error.message);
    }
  }
  const vocabulary = buildVocabulary(characters, { specials: lraSpecials });
  const told = (quantity: string, here: number): Comparison => ({
    ...{ quantity, here, reference: '-', distance: null, limit: null, measure: 'not published' },
  });
  const shared = (kind: 'documents' | 'pairs', s: number) =>
    [...seen[s][kind]].filter((one) => seen[0][kind].has(one)).length;
  const rows = [
    ...splitNames.map((split) => {
      const row = compareCount(`pairs of ${files[split]}`, counts.get(split)?.pairs ?? 0, published[split]);
      return judged[split] ? row : { ...row, limit: null, measure: 'count, unconfirmed' };
    }),
    compareNone('files that cannot be read to their end', unreadable),
    compareNone('empty texts', empty),
    compareCount('vocabulary', vocabulary.size, VOCABULARY),
    ...splitNames.map((split) => {
      const { pairs, cites } = counts.get(split) as { pairs: number; cites: number };
      return told(`${split}: share of citing pairs`, cites / Math.max(1, pairs));
    }),
    ...splitNames.map((split) =>
      told(`${split}: rows that quoting reads differently`, counts.get(split)?.differing ?? 0),
    ),
    told('mean length of a text', moments(lengths).mean),
    told(`texts longer than ${MOST}, share`, lengths.filter((n) => n > MOST).length / Math.max(1, lengths.length)),
    ...[1, 2].flatMap((s) => [
      told(`${splitNames[s]}: papers that are in the training pairs too`, shared('documents', s)),
      told(`${splitNames[s]}: pairs that are training pairs too`, shared('pairs', s)),
    ]),
  ];
  return { what: `the pairs of ${from}, read with quoting as the S4 loader does`, rows, complaints };
}

export const aanBaselines = async (data: CharacterTexts, options: WorkOptions): Promise<Baseline[]> => [
  majority(data),
  await similarPairs(data, undefined, options),
];
