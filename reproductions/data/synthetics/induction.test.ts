import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds } from '../comparison.ts';
import { IGNORED } from '../dataset.ts';
import measured from '../fixtures/synthetics-statistics.json' with { type: 'json' };
import { tokenBaselines } from './baselines.ts';
import { InductionHeads, openInductionHeads } from './induction-heads.ts';
import { answerOf, promptOf } from './language.ts';
import { verifyTokens } from './verify.ts';

const reference = measured.induction_vs20_len30;
const language = new InductionHeads({ vocabulary: 20, copied: 1, triggers: 1 }, 30);

test('every reference example encodes to the reference ids, is of the language, and its answer follows', () => {
  assert.equal(reference.examples.length, 20);
  reference.examples.forEach((text, i) => {
    const ids = language.vocabulary.encode(text);
    if (i < reference.example_ids.length) assert.deepEqual([...ids], reference.example_ids[i]);
    assert.equal(ids.length, reference.token_len);
    assert.equal(language.fault(ids), null);
    assert.deepEqual(language.solve(promptOf(language, ids)), [...answerOf(language, ids)]);
  });
});

test('6,000 examples have the statistics of the published code', () => {
  const data = openInductionHeads({ seed: 3 });
  assert.equal(data.kind, 'generated-equivalent');
  assert.equal(data.length, 31);
  const { rows, complaints } = verifyTokens(data);
  assert.deepEqual(complaints, []);
  assert.equal(rows.filter((r) => r.quantity.endsWith('measured')).length, 2);
  for (const row of rows) assert.ok(holds(row), `${row.quantity}: ${row.here} beside ${row.reference}`);
});

test('the trigger never stands on the last two of the 30 tokens, and stands on each of the others', () => {
  const data = openInductionHeads();
  const places = new Set(Array.from({ length: 5_000 }, (_, i) => data.example('train', i).indexOf(language.arrow)));
  assert.equal(places.size, 28);
  assert.equal(Math.max(...places), 27);
});

test('several triggers and several tokens to copy', () => {
  const data = openInductionHeads({ copied: 3, triggers: 4, length: 40, sizes: { test: 2_000 } });
  assert.match(data.kind, /^generated-variant:/);
  assert.equal(data.length, 43);
  const { rows, complaints } = verifyTokens(data);
  assert.deepEqual(complaints, []);
  for (const row of rows) assert.ok(holds(row), `${row.quantity}: ${row.here} beside ${row.reference}`);
  const counts = new Array(6).fill(0);
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 2_000; i++) {
    const arrows = [...data.example('test', i).entries()].flatMap(([at, id]) =>
      id === data.language.arrow ? [at] : [],
    );
    counts[arrows.length]++;
    // The last => stands behind them all and asks.
    for (let k = 1; k + 1 < arrows.length; k++) nearest = Math.min(nearest, arrows[k] - arrows[k - 1]);
  }
  // Right behind the copied tokens, and no nearer.
  assert.equal(nearest, 4);
  // One trigger besides the last =>: half of them, and the few where every further one fell too near the first.
  assert.equal(counts[0] + counts[1], 0);
  assert.ok(counts[2] > 900 && counts[2] < 1_250, counts.join());
  assert.ok(counts[3] > 50 && counts[4] > 50 && counts[5] > 50, counts.join());
  const { targets, L } = data.batch('validation', [0]);
  assert.equal(targets.filter((t) => t !== IGNORED).length, 3);
  assert.deepEqual([...targets.subarray(L - 3)], [...data.example('validation', 0).subarray(L - 2)]);
});

test('what is wrong with an example is said', () => {
  const fault = (text: string) => language.fault(language.vocabulary.encode(text));
  assert.equal(fault('1 => 2 3 4 => 2'), null);
  assert.match(fault('1 => 2 3 4 => 3') ?? '', /behind => at token 2 are not the answer/);
  assert.match(fault('1 1 2 3 4 => 3') ?? '', /0 triggers before the last =>/);
  assert.match(fault('1 => 2 => 2 => 2') ?? '', /2 triggers/);
  assert.match(fault('1 . => 2 4 => 2') ?? '', /\. is no ordinary token \(token 2\)/);
  assert.match(fault('1 1 2 3 => => 3') ?? '', /trigger at token 5 has no answer/);
  assert.match(fault('1 => 2 3 4 2 2') ?? '', /token 6 is not =>/);
});

test('guesses stay at the level of chance and the definition is solved', () => {
  const baselines = tokenBaselines(openInductionHeads({ sizes: { test: 2_000 } }));
  assert.equal(baselines.length, 4);
  assert.equal(baselines[0].value, 1 / 18);
  for (const { method, value } of baselines)
    if (method === 'the definition, solved') assert.equal(value, 1);
    else assert.ok(value > 0.02 && value < 0.11, `${method}: ${value}`);
});
