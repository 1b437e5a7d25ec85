import assert from 'node:assert/strict';
import test from 'node:test';
import { planFor } from './plan.ts';
import { type Plan, sampleInterleaved } from './sampling.ts';

const plan: Plan = { rounds: 3, samples: 2, roundMs: 0, warmups: 1, warmupMs: 0, budgetMs: 1e9, leastRounds: 1 };
const never = new AbortController().signal;

test('rounds are interleaved, warm-up is not kept, samples stay in run order', async () => {
  const calls: string[] = [];
  const contestant = (id: string) => ({
    id,
    sample: async () => {
      calls.push(id);
      return calls.length;
    },
  });
  const [a, b] = await sampleInterleaved([contestant('a'), contestant('b')], plan, never);
  assert.equal(calls.join(''), `ab${'aabb'.repeat(3)}`);
  assert.deepEqual(a.rounds, [
    [3, 4],
    [7, 8],
    [11, 12],
  ]);
  assert.deepEqual(b.rounds, [
    [5, 6],
    [9, 10],
    [13, 14],
  ]);
});

test('decreasing times stay as measured (nothing sorts them)', async () => {
  let t = 100;
  const [a] = await sampleInterleaved(
    [{ id: 'a', sample: async () => t-- }],
    { ...plan, warmups: 0, rounds: 1, samples: 5 },
    never,
  );
  assert.deepEqual(a.rounds, [[100, 99, 98, 97, 96]]);
});

test('an abort keeps what was measured', async () => {
  const stop = new AbortController();
  let n = 0;
  const sample = async () => {
    if (++n === 4) stop.abort();
    return n;
  };
  const [a, b] = await sampleInterleaved(
    [
      { id: 'a', sample },
      { id: 'b', sample: async () => 0 },
    ],
    { ...plan, warmups: 0 },
    stop.signal,
  );
  assert.deepEqual(a.rounds, [
    [1, 2],
    [3, 4],
  ]);
  assert.deepEqual(b.rounds, [[0, 0]]);
});

test('the budget ends the rounds, but not before the least number of them', async () => {
  const slow = async () => {
    await new Promise((r) => setTimeout(r, 5));
    return 5;
  };
  const [a] = await sampleInterleaved(
    [{ id: 'a', sample: slow }],
    { ...plan, rounds: 100, budgetMs: 1, leastRounds: 4 },
    never,
  );
  assert.equal(a.rounds.length, 4);
});

test('what a contestant throws comes out', async () => {
  const sample = async () => {
    throw new RangeError('broken');
  };
  await assert.rejects(sampleInterleaved([{ id: 'a', sample }], plan, never), /broken/);
});

test('--rounds fixes the number of rounds', () => {
  assert.equal(planFor('quick', 2).rounds, 2);
  assert.equal(planFor('quick', 2).leastRounds, 2);
  assert.equal(planFor('full', 9).budgetMs, Number.POSITIVE_INFINITY);
});
