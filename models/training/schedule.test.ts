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

/**
 * timm.scheduler.CosineLRScheduler with t_initial = 100, warmup_t = 10, warmup_lr_init = 1e-6, lr_min = 6e-5 and a base
 * rate of 6e-4: 1e-6 + t (6e-4 - 1e-6) / 10 up to t = 10, then 6e-5 + 0.5 (6e-4 - 6e-5) (1 + cos(pi t / 100)), then 6e-5.
 */
test('the schedule of timm: rates written out by hand', () => {
  const timm = schedule({ warmupFrom: 1e-6 / 6e-4, minFactor: 0.1, cosineFrom: 'start' });
  for (const [step, rate] of [
    [0, 1e-6],
    [1, 6.09e-5],
    [5, 3.005e-4],
    [9, 5.401e-4],
    [10, 5.867852593996914e-4],
    [25, 5.209188309203678e-4],
    [50, 3.3e-4],
    [75, 1.3908116907963218e-4],
    [90, 7.321474060030854e-5],
    [100, 6e-5],
    [250, 6e-5],
  ])
    assert.ok(
      Math.abs(6e-4 * scheduleFactor(timm, step) - rate) < 1e-15,
      `${step}: ${6e-4 * scheduleFactor(timm, step)}`,
    );
  assert.ok(scheduleFactor(timm, 10) < 1 && scheduleFactor(schedule({ minFactor: 0.1 }), 10) === 1);
});

test('a warm-up from a share of the rate reaches the rate, where the others do too', () => {
  for (const kind of scheduleKinds) {
    const from = schedule({ kind, warmupFrom: 0.25 });
    const scale = kind === 'invsqrt' ? Math.sqrt(10) : 1;
    assert.ok(Math.abs(scale * scheduleFactor(from, 0) - 0.25) < 1e-15);
    assert.ok(Math.abs(scale * scheduleFactor(from, 8) - 0.85) < 1e-15);
    assert.equal(scheduleFactor(from, 10), scheduleFactor(schedule({ kind }), 10));
  }
  const early = schedule({ kind: 'linear', cosineFrom: 'start' });
  for (const i of [10, 50, 99]) assert.equal(scheduleFactor(early, i), scheduleFactor(schedule({ kind: 'linear' }), i));
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
      for (const change of [{}, { warmupFrom: 0.01, cosineFrom: 'start' }] as const)
        for (let i = 0; i < 25; i++) {
          const f = scheduleFactor(schedule({ kind, warmup, total, ...change }), i);
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
