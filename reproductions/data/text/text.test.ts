import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CharacterCounts, CharacterEncoder, characterCount, TextsEncoder } from './characters.ts';
import { LabelledRows, type LabelledRowsParts } from './labelled-rows.ts';
import { joinRows, padRows, rowsInMemory } from './rows.ts';
import { chosenSizes } from './sizes.ts';
import {
  buildVocabulary,
  byCodePoints,
  END,
  lraSpecials,
  PAD,
  packVocabulary,
  UNKNOWN,
  unpackVocabulary,
  Vocabulary,
} from './vocabulary.ts';

const encodeAll = (texts: readonly string[], most: number, vocabulary: Vocabulary) => {
  const encoder = new TextsEncoder(most, vocabulary);
  for (const text of texts) encoder.add(text);
  return encoder.finish();
};
const countsOf = (words: string) => {
  const counts = new Map<string, number>();
  for (const word of words.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
};

test('vocabulary: specials first, then by frequency, ties by the token', () => {
  const { tokens } = buildVocabulary(countsOf('b a c c a b d <unk> <unk> <unk> e ba B'), { specials: lraSpecials });
  assert.deepEqual(tokens, [PAD, UNKNOWN, END, 'a', 'b', 'c', 'B', 'ba', 'd', 'e']);
  const rare = buildVocabulary(countsOf('b a c c a b d'), { specials: [UNKNOWN], minFrequency: 2 });
  assert.deepEqual(rare.tokens, [UNKNOWN, 'a', 'b', 'c']);
  assert.equal(rare.id('c'), 3);
  assert.equal(rare.id('d'), 0);
  assert.equal(rare.has('d'), false);
  assert.throws(() => buildVocabulary(countsOf('a'), { specials: [PAD] }).id('b'), /"b" is not in the vocabulary/);
  assert.throws(() => new Vocabulary(['a', 'a']), /twice/);
  assert.deepEqual(unpackVocabulary(packVocabulary(rare)).tokens, rare.tokens);
});

test('ties go by code points: U+FF5E before U+1F600, which UTF-16 has the other way round', () => {
  assert.ok('\u{1f600}' < '\uff5e');
  const counts = new Map([...'\u{1f600}\uff5eé\u{10ffff}z\u{1f601}'].map((c) => [c, 1] as const));
  const { tokens } = buildVocabulary(counts, { specials: [] });
  assert.deepEqual(tokens, ['z', 'é', '\uff5e', '\u{1f600}', '\u{1f601}', '\u{10ffff}']);
  // The order of the code points' arrays is the meaning of the order of strings.
  const points = (text: string) => Array.from(text, (c) => c.codePointAt(0) as number);
  const meaning = (a: string, b: string) => {
    const [p, q] = [points(a), points(b)];
    for (let i = 0; i < Math.min(p.length, q.length); i++) if (p[i] !== q[i]) return p[i] - q[i];
    return p.length - q.length;
  };
  const parts = ['', 'a', '\ud83d', '\ude00', '\u{1f600}', '\uffff'];
  const texts = parts.flatMap((a) => parts.flatMap((b) => parts.map((c) => a + b + c)));
  for (const a of texts)
    for (const b of texts)
      assert.equal(Math.sign(byCodePoints(a, b)), Math.sign(meaning(a, b)), JSON.stringify([a, b]));
});

test('characters are code points, the first of each text', () => {
  const counts = new CharacterCounts();
  counts.count('a😀a😀b', 4);
  counts.count('', 4);
  counts.count('😀\ud800', 4);
  assert.deepEqual(
    [...counts],
    [
      ['a', 2],
      ['\ud800', 1],
      ['😀', 3],
    ],
  );
  for (const text of ['', 'aé', '😀😀', '\ud800', '\udc00\ud800', 'a😀\ud83d'])
    assert.equal(characterCount(text), Array.from(text).length);
  const vocabulary = buildVocabulary(counts, { specials: lraSpecials });
  assert.deepEqual(vocabulary.tokens, [PAD, UNKNOWN, END, '😀', 'a', '\ud800']);
  const ids = new Int32Array(5).fill(-1);
  assert.equal(new CharacterEncoder(vocabulary).encode('😀a€😀', 3, ids, 1), 3);
  assert.deepEqual([...ids], [-1, 3, 4, 1, -1]);
  const { tokens, offsets } = encodeAll(['a', '', '<eos>', '😀😀😀😀'], 3, vocabulary);
  assert.ok(tokens instanceof Uint8Array);
  // The text "<eos>" is five characters, not the symbol.
  assert.deepEqual([...tokens], [4, 1, 1, 1, 3, 3, 3]);
  assert.deepEqual([...offsets], [0, 1, 1, 4, 7]);
});

test('more than 256 characters take wider ids', () => {
  const counts = new CharacterCounts();
  const text = Array.from({ length: 400 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
  counts.count(text, 400);
  const vocabulary = buildVocabulary(counts, { specials: lraSpecials });
  const { tokens } = encodeAll(Array(300).fill(text), 400, vocabulary);
  assert.ok(tokens instanceof Int32Array);
  assert.equal(tokens.length, 120_000);
  assert.equal(tokens[119_999], 402);
});

test('rows are padded to the longest of the batch, lengths are the true ones', () => {
  const { x, lengths, L } = padRows([[5, 6], [], [7]], { end: 2, padding: 0 });
  assert.equal(L, 3);
  assert.deepEqual([...x], [5, 6, 2, 2, 0, 0, 7, 2, 0]);
  assert.deepEqual([...lengths], [3, 1, 2]);
});

const parts: Omit<LabelledRowsParts, 'rows'> = {
  ...{ id: 'words', kind: 'real', description: 'words', length: 4, classes: 3, vocabulary: 10, padding: 0, end: 2 },
  ...{ sizes: { train: 2, validation: 1, test: 1 }, first: { train: 0, validation: 2, test: 2 } },
  ...{ labels: [0, 2, 1], checksum: '' },
};
const rows = rowsInMemory(joinRows([[3], [4, 5], [6], [7, 7, 7], [], [9]].map((row) => Uint8Array.from(row))));

test('single sequences: a test split may be the validation split', () => {
  const data = new LabelledRows({ ...parts, rows });
  const { x, lengths, targets, B, rows: sequences, L } = data.batch('train', [1, 0]);
  assert.deepEqual([B, sequences, L], [2, 2, 3]);
  assert.deepEqual([...x], [4, 5, 2, 3, 2, 0]);
  assert.deepEqual([...(lengths as Int32Array)], [3, 2]);
  assert.deepEqual([...targets], [2, 0]);
  assert.deepEqual(data.batch('test', [0]), data.batch('validation', [0]));
  assert.deepEqual(data.labelCounts('train'), [1, 0, 1]);
  assert.equal(data.pairs, undefined);
  assert.throws(() => data.batch('test', [1]), /words: there is no sample 1 in test, which has 1/);
});

test('pairs: the first sequences of all pairs, then the second ones, of one length', () => {
  const data = new LabelledRows({ ...parts, rows, pairs: true });
  const { x, lengths, targets, B, rows: sequences, L } = data.batch('train', [1, 0]);
  assert.deepEqual([B, sequences, L], [2, 4, 4]);
  assert.deepEqual([...x], [6, 2, 0, 0, 3, 2, 0, 0, 7, 7, 7, 2, 4, 5, 2, 0]);
  assert.deepEqual([...(lengths as Int32Array)], [2, 2, 4, 3]);
  assert.deepEqual([...targets], [2, 0]);
  assert.deepEqual([...data.tokens('test', 0, 1)], [9]);
});

test('sizes: the beginning of each split', () => {
  const available = { train: 5, validation: 4, test: 3 };
  assert.deepEqual(chosenSizes('words', available), available);
  assert.deepEqual(chosenSizes('words', available, { train: 2 }), { train: 2, validation: 4, test: 3 });
  for (const train of [0, 6, 1.5])
    assert.throws(() => chosenSizes('words', available, { train }), /words: the train split can have 1 to 5 samples/);
});
