import assert from 'node:assert/strict';
import test from 'node:test';
import { Plateau, type PlateauOptions, type Schedule, scheduleFactor, scheduleKinds } from './schedule.ts';

const schedule = (change: Partial<Schedule>): Schedule => ({
  kind: 'cosine',
  warmup: 10,
  total: 100,
  warmupFrom: 'zero',
  minFactor: 0,
  ...change,
});

test('warm-up starts from 0 or from 1/w', () => {
  for (const kind of ['constant', 'cosine', 'linear'] as const) {
    assert.equal(scheduleFactor(schedule({ kind }), 0), 0);
    assert.equal(scheduleFactor(schedule({ kind }), 9), 0.9);
    assert.equal(scheduleFactor(schedule({ kind, warmupFrom: 'one' }), 0), 0.1);
    assert.equal(scheduleFactor(schedule({ kind, warmupFrom: 'one' }), 9), 1);
    assert.equal(scheduleFactor(schedule({ kind }), 10), 1);
  }
});

test('cosine and linear end at the least factor and stay there', () => {
  for (const kind of ['cosine', 'linear'] as const)
    for (const minFactor of [0, 0.1]) {
      const s = schedule({ kind, minFactor });
      assert.ok(Math.abs(scheduleFactor(s, 55) - (minFactor + (1 - minFactor) / 2)) < 1e-15);
      for (const i of [100, 101, 1000]) assert.ok(Math.abs(scheduleFactor(s, i) - minFactor) < 1e-15);
    }
});

test('no schedule is NaN or negative, with no warm-up, only warm-up, or one step', () => {
  for (const kind of scheduleKinds)
    for (const [warmup, total] of [
      [0, 1],
      [0, 20],
      [20, 20],
      [5, 3],
    ])
      for (let i = 0; i < 25; i++) {
        const f = scheduleFactor(schedule({ kind, warmup, total }), i);
        assert.ok(f >= 0 && f <= 1, `${kind} warmup ${warmup} total ${total} step ${i}: ${f}`);
      }
});

const options: PlateauOptions = {
  mode: 'max',
  threshold: 0.1,
  thresholdMode: 'absolute',
  factor: 0.5,
  patience: 1,
  cooldown: 0,
  minFactor: 0.2,
};

test('plateau waits, reduces, and stops at the least factor', () => {
  const p = new Plateau(options);
  const factors = [1, 1.05, 1.05, 1.2, 1.25, 1.25, 1.25, 1.25, 1.25].map((m) => p.report(m));
  assert.deepEqual(factors, [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2]);
});

test('a plateau continues from its saved state', () => {
  const a = new Plateau(options);
  for (const m of [1, 1, 1.5]) a.report(m);
  const b = new Plateau(options);
  b.restore(JSON.parse(JSON.stringify(a.save())));
  for (const m of [1.5, 1.5, 1.5, 3, 3, 3]) assert.equal(b.report(m), a.report(m));
});
