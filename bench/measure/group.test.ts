import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { DisagreementError, exit, exitCode, InterruptedError } from '../../results/terminal/errors.ts';
import type { Measurement, SuiteContext } from '../suite.ts';
import { measureGroup } from './group.ts';
import type { Candidate, Group } from './workload.ts';

const device = await openDevice('reference');

function setUp(candidates: Candidate[], signal = new AbortController().signal) {
  const emitted: Measurement[] = [];
  const context: SuiteContext = {
    device,
    options: { scale: 'quick', peers: [], seed: 0 },
    signal,
    roofline: { flops: 1e9, bytes: 1e9 },
    plan: { rounds: 3, samples: 1, roundMs: 0, warmups: 0, warmupMs: 0, budgetMs: 1e9, leastRounds: 3 },
    emit: async (m) => void emitted.push(m),
    say: () => {},
    live: () => {},
    progress: () => {},
  };
  const group: Group = {
    name: 'g',
    baseline: 'slow',
    weight: 1,
    data: { kind: 'synthetic shape', checksum: null },
    tokens: 1000,
    candidates,
  };
  return { emitted, run: () => measureGroup(context, group) };
}

const candidate = (id: string, sample: () => Promise<number>, error: number | null = null): Candidate => ({
  id,
  estimate: 0,
  config: { id },
  row: { candidate: id },
  check: async () =>
    error === null ? null : { value: error, tolerance: 1e-3, worst: 'y', against: 'reference/float64', case: id },
  build: async () => ({ implementation: 'test', sample, cost: () => ({ flops: 1e6, bytes: 4e6 }), dispose: () => {} }),
});

test('rows carry times, rates, the roofline fraction and the speedup over the baseline', async () => {
  const { emitted, run } = setUp([candidate('slow', async () => 20), candidate('fast', async () => 5, 1e-5)]);
  await run();
  const [slow, fast] = emitted.map((m) => m.row);
  assert.ok(Math.abs(Number(fast.ms) - 5) < 1e-9);
  assert.ok(Math.abs(Number(fast.speedup) - 4) < 1e-9);
  assert.ok(Math.abs(Number(slow.speedup) - 1) < 1e-9);
  assert.ok(Math.abs(Number(fast.tokens_per_s) - 200_000) < 1e-6);
  // 4 ms of traffic in 5 ms.
  assert.ok(Math.abs(Number(fast.roofline) - 0.8) < 1e-9);
  assert.equal(fast.error, 1e-5);
  assert.deepEqual(emitted[1].samples.rounds, [[5], [5], [5]]);
});

test('a candidate that disagrees with the reference stops the group before anything is timed', async () => {
  let timed = 0;
  const sample = async () => ++timed;
  const { emitted, run } = setUp([candidate('slow', sample, 2e-3)]);
  await assert.rejects(run(), (e: Error) => {
    assert.ok(e instanceof DisagreementError);
    assert.match(e.message, /slow disagrees with the float64 reference .*y is off by 2\.00e-3/);
    assert.equal(exitCode(e), exit.disagrees);
    return true;
  });
  assert.equal(timed, 0);
  assert.equal(emitted.length, 0);
});

test('an interruption emits what there is, marked, and then throws', async () => {
  const stop = new AbortController();
  let n = 0;
  const sample = async () => {
    if (++n === 5) stop.abort();
    return 1;
  };
  const { emitted, run } = setUp([candidate('slow', sample), candidate('late', async () => 2)], stop.signal);
  await assert.rejects(run(), InterruptedError);
  assert.deepEqual(
    emitted.map((m) => [m.row.candidate, m.row.rounds, m.interrupted]),
    [
      ['slow', 3, false],
      ['late', 2, true],
    ],
  );
});
