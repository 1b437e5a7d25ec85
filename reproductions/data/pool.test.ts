import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { exitCode } from '../errors.ts';
import { processors, runJob } from './pool.ts';

const module = new URL('./pool.fixture.ts', import.meta.url).href;
const all = { start: 0, count: 10 };

test('ranges in their order, over any number of threads', async () => {
  for (const workers of [1, 2, 50]) {
    const parts = await runJob(module, 'numbers', {}, all, { chunk: 3, workers });
    assert.deepEqual(
      parts.flatMap(({ n }) => Array.from(n)),
      Array.from({ length: 10 }, (_, i) => i),
    );
  }
});

test('what a thread throws ends with the same exit code as without threads', async () => {
  for (const workers of [1, 2])
    await assert.rejects(
      runJob(module, 'numbers', { bad: 6 }, all, { chunk: 3, workers }),
      (e) => exitCode(e) === 3 && (e as Error).message === 'sample 6 is not there',
    );
});

test('a thread that ends by itself is an error, not silence', { timeout: 20_000 }, async () => {
  await assert.rejects(
    runJob(module, 'numbers', { ends: 3 }, all, { chunk: 3, workers: 2 }),
    /a thread has ended by itself/,
  );
});

test('LONGCONV_THREADS is a number of threads or one sentence', () => {
  const previous = process.env.LONGCONV_THREADS;
  try {
    for (const [given, threads] of [
      ['1', 1],
      ['3', 3],
    ] as const) {
      process.env.LONGCONV_THREADS = given;
      assert.equal(processors(), threads);
    }
    process.env.LONGCONV_THREADS = '1024';
    assert.equal(processors(), Math.max(16, availableParallelism()));
    process.env.LONGCONV_THREADS = '';
    assert.ok(processors() >= 1);
    for (const given of ['abc', '0', '-1', '1.5', '99999', 'NaN']) {
      process.env.LONGCONV_THREADS = given;
      assert.throws(processors, (e) => exitCode(e) === 2 && /is no number of threads/.test((e as Error).message));
    }
  } finally {
    if (previous === undefined) delete process.env.LONGCONV_THREADS;
    else process.env.LONGCONV_THREADS = previous;
  }
});
