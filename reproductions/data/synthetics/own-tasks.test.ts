import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds } from '../comparison.ts';
import { IGNORED } from '../dataset.ts';
import { openArithmetic } from './arithmetic.ts';
import { tokenBaselines } from './baselines.ts';
import { openCounting } from './counting.ts';
import { openMajority } from './majority.ts';
import { verifyTokens } from './verify.ts';

const sizes = { train: 5_000, validation: 500, test: 500 };

for (const data of [
  openMajority({ length: 200, sizes, seed: 2 }),
  openMajority({ length: 5, vocabulary: 40, sizes, seed: 2 }),
  openCounting({ length: 200, sizes, seed: 2 }),
  openCounting({ length: 40, vocabulary: 10, sizes, seed: 2 }),
  openArithmetic({ digits: 2, sizes, seed: 2 }),
  openArithmetic({ digits: 12, sizes, seed: 2 }),
])
  test(`6,000 examples keep the definition and have its statistics: ${data.description}`, () => {
    const { rows, complaints } = verifyTokens(data);
    assert.deepEqual(complaints, []);
    assert.equal(rows.length, 6);
    for (const row of rows) assert.ok(holds(row), `${row.quantity}: ${row.here} beside ${row.reference}`);
    assert.match(data.kind, /^generated-variant:our reading/);
  });

test('the answer alone counts, in training too', () => {
  for (const data of [openMajority({ length: 30 }), openCounting({ length: 30 }), openArithmetic()])
    for (const split of ['train', 'test'] as const) {
      const { x, targets, L } = data.batch(split, [7]);
      const example = data.example(split, 7);
      const { answer } = data.language;
      assert.deepEqual([...x], [...example.subarray(0, L)]);
      assert.deepEqual([...targets.subarray(0, L - answer)], new Array(L - answer).fill(IGNORED));
      assert.deepEqual([...targets.subarray(L - answer)], [...example.subarray(L + 1 - answer)]);
    }
});

test("the paper's own examples, in our form", () => {
  const majority = openMajority({ length: 7 }).language;
  assert.equal(majority.fault(majority.vocabulary.encode('0 6 6 6 4 5 6 => 6')), null);
  assert.match(majority.fault(majority.vocabulary.encode('0 6 6 6 4 5 6 => 5')) ?? '', /the answer is 6, not 5/);
  assert.match(majority.fault(majority.vocabulary.encode('0 6 6 0 => 6')) ?? '', /share the highest count/);
  assert.match(majority.fault(majority.vocabulary.encode('0 6 . 6 => 6')) ?? '', /\. is no ordinary token \(token 3\)/);

  const counting = openCounting({ length: 7 }).language;
  const text = `0 1 1 1 0 2 1 => 1 ${counting.vocabulary.tokens[4]}`;
  assert.equal(counting.fault(counting.vocabulary.encode(text)), null);
  assert.match(
    counting.fault(counting.vocabulary.encode('0 1 1 => 1 5')) ?? '',
    /the answer is the token 2 \(1\), not 14/,
  );
  const many = Uint8Array.from([...new Array(300).fill(3), counting.arrow, 3]);
  assert.deepEqual(counting.solve(many), [19]);

  const arithmetic = openArithmetic().language;
  assert.equal(arithmetic.fault(arithmetic.vocabulary.encode('1 3 5 + 6 8 3 0 8 1 8')), null);
  assert.equal(arithmetic.fault(arithmetic.vocabulary.encode('9 9 9 + 0 0 1 1 0 0 0')), null);
  assert.match(arithmetic.fault(arithmetic.vocabulary.encode('1 3 5 + 6 8 3 0 7 1 8')) ?? '', /the sum is 0 8 1 8/);
  assert.match(arithmetic.fault(arithmetic.vocabulary.encode('1 3 5 6 6 8 3 0 7 1 8')) ?? '', /token 4 is not \+/);
});

test('sums are those of whole numbers', () => {
  const { language } = openArithmetic({ digits: 15 });
  const data = openArithmetic({ digits: 15, sizes: { train: 300 } });
  for (let i = 0; i < 300; i++) {
    const digits = language.vocabulary.decode(data.example('train', i)).replaceAll(' ', '');
    const [a, b] = [digits.slice(0, 15), digits.slice(16, 31)].map(BigInt);
    assert.equal(BigInt(digits.slice(31)), a + b);
  }
});

test('no sum is in two splits, and there are only so many', () => {
  const data = openArithmetic({ digits: 1, sizes: { train: 80, validation: 10, test: 10 } });
  const seen = new Set<string>();
  for (const split of ['train', 'validation', 'test'] as const)
    for (let i = 0; i < data.sizes[split]; i++) seen.add(data.example(split, i).join());
  assert.equal(seen.size, 100);
  assert.throws(() => openArithmetic({ digits: 1 }), /arithmetic, train: after 100 distinct examples/);
});

test('guesses stay below the definition', () => {
  const value = (data: Parameters<typeof tokenBaselines>[0], method: string) =>
    tokenBaselines(data).find((b) => b.method === method)?.value ?? Number.NaN;
  const arithmetic = openArithmetic({ digits: 8, sizes: { test: 3_000 } });
  // A digit is right without carries when none came in: (1 + 10^-k) / 2 at k places from the end; 1 for the last one.
  const expected = Array.from({ length: 9 }, (_, k) => (1 + 10 ** -k) / 2).reduce((a, b) => a + b) / 9;
  assert.ok(Math.abs(value(arithmetic, 'digit by digit, nothing carried') - expected) < 0.015);
  assert.equal(value(arithmetic, 'the definition, solved'), 1);
  assert.ok(Math.abs(value(arithmetic, 'chance') - 1.3 / 9) < 1e-12);
  assert.equal(value(openCounting({ length: 7 }), 'chance'), 1 / 7);
  const majority = openMajority({ length: 100, sizes: { test: 1_000 } });
  assert.ok(value(majority, 'the last token') < 0.2);
  assert.ok(value(majority, 'the most frequent of the last tenth') < 0.45);
  assert.equal(value(majority, 'the definition, solved'), 1);
  assert.equal(value(openCounting({ length: 100 }), 'the definition, solved'), 1);
});
