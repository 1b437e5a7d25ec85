/** What a claim says of two rows together: paired by seeds, judged by the interval, and settled at paper scale alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDifference } from '../results/published/difference.ts';
import { findRow } from '../results/published/published.ts';
import { claimIds, loadClaim } from './claim.ts';
import pile from './claims/longconv-pile.ts';
import scifar from './claims/longconv-scifar.ts';
import { comparisonsOf } from './comparison.ts';
import { type MadeUp, madeUp } from './evidence.fixture.ts';
import { summaries } from './results.ts';

const runs = (model: string, values: readonly number[], more: Partial<MadeUp> = {}) =>
  values.map((value, seed) => madeUp(scifar, { task: 'scifar', model, seed, value, kind: 'stand-in:x', ...more }));
const compared = (...all: ReturnType<typeof runs>[]) => comparisonsOf(scifar, summaries(scifar, all.flat()));

test('the interval of the paired difference decides, not the difference of the means', () => {
  // Far apart over seeds, and always the same distance.
  const [found] = compared(runs('long-conv', [0.5, 0.7, 0.9]), runs('transformer', [0.46, 0.67, 0.86]));
  assert.equal(found.verdict.kind, 'holds here');
  assert.match(
    found.verdict.sentence,
    /^Long Conv is better than the Transformer: \+3\.67 \[\+2\.23, \+5\.10\] over 3 seeds, published ~\+28\.8 \(/,
  );
  assert.match(found.verdict.sentence, /at desk scale on stand-in:x data, which settles nothing/);
  const [unclear] = compared(runs('long-conv', [0.5, 0.7, 0.6]), runs('transformer', [0.6, 0.4, 0.5]));
  assert.equal(unclear.verdict.kind, 'unclear here');
  const [worse] = compared(runs('long-conv', [0.5, 0.51, 0.52]), runs('transformer', [0.6, 0.61, 0.63]));
  assert.equal(worse.verdict.kind, 'does not hold here');
  const [same] = compared(runs('long-conv', [0.5, 0.5]), runs('transformer', [0.5, 0.5]));
  assert.equal(same.verdict.kind, 'does not hold here');
});

test('as good: the whole interval is above the margin', () => {
  const [close] = compared(runs('long-conv', [0.5, 0.501, 0.502]), runs('s4', [0.505, 0.506, 0.507]));
  assert.equal(close.verdict.kind, 'holds here');
  const [far] = compared(runs('long-conv', [0.5, 0.501, 0.502]), runs('s4', [0.52, 0.521, 0.522]));
  assert.equal(far.verdict.kind, 'does not hold here');
});

test('one seed says nothing of the spread; only seeds, data, scales and plans that both have are compared', () => {
  const [one] = compared(runs('long-conv', [0.5]), runs('transformer', [0.4, 0.3]));
  assert.equal(one.verdict.kind, 'one seed');
  assert.deepEqual(one.seeds, [0]);
  assert.deepEqual(compared(runs('long-conv', [0.5]), runs('transformer', [0.4], { checksum: 'other' })), []);
  assert.deepEqual(compared(runs('long-conv', [0.5]), runs('transformer', [0.4], { scale: 'smoke' })), []);
  assert.deepEqual(compared(runs('long-conv', [0.5]), runs('transformer', [0.4], { plan: { steps: 3 } })), []);
});

test('paper scale on the same distribution settles; lower is better where the metric says so', () => {
  const settled = { scale: 'paper', kind: 'real' } as const;
  const [found] = compared(runs('long-conv', [0.9, 0.91], settled), runs('transformer', [0.6, 0.61], settled));
  assert.equal(found.verdict.kind, 'holds');
  assert.doesNotMatch(found.verdict.sentence, /settles nothing/);
  const texts = (model: string, values: number[]) =>
    values.map((value, seed) => madeUp(pile, { task: '5b', model, seed, value, kind: 'real', scale: 'paper' }));
  const all = summaries(pile, [...texts('h3-long-conv', [11.9, 11.8]), ...texts('transformer', [12.7, 12.5])]);
  const [better] = comparisonsOf(pile, all);
  assert.equal(better.verdict.kind, 'holds');
  assert.ok(better.difference.estimate > 0.7);
});

test('a published difference is as certain as its less certain number', () => {
  const row = (model: string) => findRow('sgconv-decay-ablation', 'SGConv (dimension 8)', model);
  assert.equal(formatDifference(row('decay t=1'), row('decay t=0'), 1), '+21.25');
  assert.equal(formatDifference(row('decay t=1'), null, 1), '-');
  const memory = { ...row('decay t=0'), provenance: 'memory' as const };
  assert.equal(formatDifference(row('decay t=1'), memory, 1), '~+21.25 (from memory)');
});

test('every comparison is between rows that its claim can run, and shares lead to claims that have them', async () => {
  for (const id of claimIds()) {
    const claim = await loadClaim(id);
    if (claim.kind !== 'training') continue;
    for (const { title, one, other } of claim.comparisons ?? [])
      for (const { task, model } of [one, other]) {
        assert.ok(task in claim.tasks, `${id}: ${title}: ${task}`);
        assert.ok(model in claim.models, `${id}: ${title}: ${model}`);
      }
    for (const { claim: from, tasks, models } of claim.shares ?? []) {
      const other = await loadClaim(from);
      assert.ok(other.kind === 'training');
      for (const [theirs, own] of Object.entries(tasks)) {
        assert.ok(theirs in other.tasks && own in claim.tasks, `${id} shares ${from}: ${theirs}`);
        for (const model of models)
          assert.deepEqual(
            claim.plan(model, own, 'desk'),
            other.plan(model, theirs, 'desk'),
            `${id} and ${from} differ in ${model} on ${own} at desk scale`,
          );
      }
    }
  }
});
