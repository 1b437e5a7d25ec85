import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds } from '../comparison.ts';
import { IGNORED } from '../dataset.ts';
import measured from '../fixtures/synthetics-statistics.json' with { type: 'json' };
import { AssociativeRecall, openAssociativeRecall, publishedRecall } from './associative-recall.ts';
import { tokenBaselines } from './baselines.ts';
import { answerOf, promptOf } from './language.ts';
import { verifyTokens } from './verify.ts';

const language = (vocabulary: number, length: number, allowDot = false, keys = 1) =>
  new AssociativeRecall({ vocabulary, keys, allowDot }, length);

const references = [
  { ...measured.assoc_vs20_len40, language: language(20, 40) },
  { ...measured.assoc_vs10_len20, language: language(10, 20) },
  { ...measured.assoc_vs20_len40_allow_dot, language: language(20, 40, true) },
];

test('the vocabulary is the published one, ids by the order of strings', () => {
  for (const { vocab, language } of references) {
    assert.deepEqual(language.vocabulary.tokens, vocab);
    assert.equal(language.vocabulary.id('.'), 0);
    assert.equal(language.vocabulary.id('=>'), vocab.length - 1);
  }
  const { keyTokens, valueTokens, vocabulary } = references[0].language;
  assert.equal(vocabulary.decode(keyTokens), '0 1 10 11 12 13 14 15 16');
  assert.equal(vocabulary.decode(valueTokens), '17 2 3 4 5 6 7 8 9');
});

test('every reference example encodes to the reference ids, is of the language, and its answer follows', () => {
  for (const { examples, example_ids, language, token_len } of references) {
    assert.equal(examples.length, 20);
    examples.forEach((text, i) => {
      const ids = language.vocabulary.encode(text);
      if (i < example_ids.length) assert.deepEqual([...ids], example_ids[i]);
      assert.equal(ids.length, token_len);
      assert.equal(language.vocabulary.decode(ids), text);
      assert.equal(language.fault(ids), null);
      assert.deepEqual(language.solve(promptOf(language, ids)), [...answerOf(language, ids)]);
    });
  }
});

for (const { language, token_len } of references) {
  const { vocabulary, allowDot } = language.settings;
  test(`6,000 examples have the statistics of the published code: vocabulary ${vocabulary}${allowDot ? ' with absent keys' : ''}`, () => {
    const length = token_len - 3;
    const data = openAssociativeRecall({ vocabulary, length, allowDot, seed: 5 });
    assert.equal(data.length, length + 2);
    const { rows, complaints } = verifyTokens(data);
    assert.deepEqual(complaints, []);
    assert.equal(rows.filter((r) => r.quantity.endsWith('measured')).length, 5);
    for (const row of rows) assert.ok(holds(row), `${row.quantity}: ${row.here} beside ${row.reference}`);
  });
}

test('statistics tell another language apart', () => {
  const other = openAssociativeRecall({ vocabulary: 20, length: 40, allowDot: true });
  const examples = Array.from({ length: 5000 }, (_, i) => other.example('train', i).slice());
  const rows = references[0].language.compare(examples, 40);
  const off = rows.filter((row) => !holds(row)).map((row) => row.quantity);
  assert.ok(off.includes('answers that are .'), off.join());
  assert.ok(off.includes('occurrences of the query, measured'), off.join());
});

test('inputs and targets: all but the last, all but the first; in validation and test the answer alone', () => {
  const data = openAssociativeRecall({ sizes: { train: 20, validation: 3, test: 3 } });
  for (const split of ['train', 'validation', 'test'] as const) {
    const { x, targets, B, L } = data.batch(split, [2, 0]);
    assert.deepEqual([B, L, x.length, targets.length], [2, 42, 84, 84]);
    [2, 0].forEach((index, b) => {
      const tokens = [...data.example(split, index)];
      assert.deepEqual([...x.subarray(b * L, (b + 1) * L)], tokens.slice(0, -1));
      const expected = split === 'train' ? tokens.slice(1) : [...new Array(L - 1).fill(IGNORED), tokens[L]];
      assert.deepEqual([...targets.subarray(b * L, (b + 1) * L)], expected);
    });
  }
  assert.throws(() => data.batch('test', [3]), /no sample 3 in test, which has 3/);
});

test('samples depend on seed and split alone; the checksum on every option', () => {
  const small = openAssociativeRecall({ sizes: { train: 10, validation: 2, test: 2 } });
  const full = openAssociativeRecall();
  const again = openAssociativeRecall();
  for (const i of [9, 0, 4]) assert.deepEqual(small.example('train', i).slice(), full.example('train', i).slice());
  assert.notDeepEqual(full.example('train', 0).slice(), full.example('test', 0).slice());
  const sums = [
    full,
    small,
    openAssociativeRecall({ seed: 1 }),
    openAssociativeRecall({ allowDot: true }),
    openAssociativeRecall({ length: 42 }),
    openAssociativeRecall({ testLength: 42 }),
    openAssociativeRecall({ vocabulary: 21 }),
  ].map((data) => data.checksum);
  assert.equal(new Set(sums).size, sums.length);
  assert.equal(again.checksum, full.checksum);
});

test('examples that repeat are drawn again, by attempt, and a language that has too few is named', () => {
  const data = openAssociativeRecall({ vocabulary: 8, length: 8, sizes: { train: 600, validation: 20, test: 20 } });
  assert.ok(data.redrawn('train') > 50, String(data.redrawn('train')));
  const seen = new Set(Array.from({ length: 600 }, (_, i) => data.example('train', i).join()));
  assert.equal(seen.size, 600);
  // Every first attempt stands where it stood: only the later copies moved.
  const first = openAssociativeRecall({ vocabulary: 8, length: 8, sizes: { train: 50, validation: 20, test: 20 } });
  for (let i = 0; i < 50; i++) assert.deepEqual(first.example('train', i).slice(), data.example('train', i).slice());
  // One of two keys with one of two values: 4 examples.
  assert.throws(
    () => openAssociativeRecall({ vocabulary: 6, length: 2, sizes: { train: 5, validation: 1, test: 1 } }),
    /after 4 distinct examples 1000 draws gave no new one/,
  );
});

test('keys of several tokens', () => {
  const data = openAssociativeRecall({ vocabulary: 8, keys: 2, length: 31, allowDot: true, testLength: 61 });
  assert.equal(data.language.possible, 9);
  assert.equal(data.length, 20 * 3 + 3);
  assert.match(data.kind, /^generated-variant:.*keys of 2 tokens/);
  const { rows, complaints } = verifyTokens(data);
  assert.deepEqual(complaints, []);
  for (const row of rows) assert.ok(holds(row), `${row.quantity}: ${row.here} beside ${row.reference}`);
  assert.equal(data.batch('test', [0]).L, 63);
  assert.equal(data.batch('validation', [0]).L, 33);
});

test('the published settings are of the published kind; 131,072 tokens come one batch at a time', () => {
  for (const { vocabulary, length } of publishedRecall)
    assert.equal(language(vocabulary, length).kind, 'generated-equivalent');
  assert.match(language(12, 40).kind, /^generated-variant:/);
  const data = openAssociativeRecall({
    ...{ vocabulary: 30, length: 131_072, sizes: { train: 4_000, validation: 500, test: 500 } },
  });
  const { x, targets, L } = data.batch('train', [3_999]);
  assert.equal(L, 131_074);
  const example = Uint8Array.from([...x, targets[L - 1]]);
  assert.equal(data.language.fault(example), null);
});

test('what is wrong with an example is said', () => {
  const it = references[1].language;
  const fault = (text: string) => it.fault(it.vocabulary.encode(text));
  assert.equal(fault('0 4 1 5 => 1 5'), null);
  assert.match(fault('0 4 1 5 => 1 4') ?? '', /the answer is 5, not 4/);
  assert.match(fault('0 4 0 5 => 0 5') ?? '', /the key 0 has two values \(token 4\)/);
  assert.match(fault('0 4 1 5 => 2 .') ?? '', /the query 2 did not occur/);
  assert.match(fault('4 4 1 5 => 1 5') ?? '', /4 is no key \(token 1\)/);
  assert.match(fault('0 4 1 1 => 1 5') ?? '', /1 is no value \(token 4\)/);
  assert.match(fault('0 4 1 => 1 5') ?? '', /are not pairs/);
  assert.match(fault('0 4 1 5 . 1 5') ?? '', /token 5 is not =>/);
  assert.equal(language(10, 4, true).fault(it.vocabulary.encode('0 4 1 5 => 2 .')), null);
});

test('options that cannot be are refused in one sentence', () => {
  assert.throws(() => openAssociativeRecall({ vocabulary: 3 }), /vocabulary of 4 to 256 tokens, not 3/);
  assert.throws(() => openAssociativeRecall({ length: 1 }), /the length can be 2 to 16777216, not 1/);
  assert.throws(() => openAssociativeRecall({ vocabulary: 100, keys: 4 }), /5764801 keys: at most 65536/);
  assert.throws(() => openAssociativeRecall({ sizes: { train: 0 } }), /train split can be 1 to 16777216, not 0/);
});

test('guesses stay at their level and the definition is solved', () => {
  const baselines = tokenBaselines(openAssociativeRecall({ sizes: { test: 2_000 } }));
  const value = (method: string) => baselines.find((b) => b.method === method)?.value ?? Number.NaN;
  assert.equal(value('chance'), 1 / 9);
  // H3's table 2 has 25 percent for chance at a vocabulary of 10.
  assert.equal(language(10, 20).chance(), 0.25);
  // Of 9 values; 5 standard errors of 2,000 samples.
  assert.ok(Math.abs(value('the most frequent answer') - 1 / 9) < 5 * Math.sqrt(8 / 81 / 2000));
  // The last pair is the query's with probability E[1/D] = 0.124, else its value is one of nine.
  assert.ok(Math.abs(value('the value of the last pair') - (0.124 + 0.876 / 9)) < 5 * Math.sqrt(0.17 / 2000));
  assert.equal(value('the definition, solved'), 1);
});
