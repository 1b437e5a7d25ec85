/** Long kernels: the error of powers by recurrence and products does not grow with the length. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../device/registry.ts';
import { checkOp } from '../check.ts';
import type { OpCase } from '../op.ts';
import s4dKernelOp, { discretisations, type S4dAttrs } from './op.ts';

const reference = await openDevice('reference');
const cpu = await openDevice('cpu');

/** Modes that are still alive at the last tap: decays of 1 to 3 e-folds over the whole length, frequencies up to pi. */
function alive(M: number, L: number, disc: S4dAttrs['disc']): OpCase<S4dAttrs> {
  const delta = 1 / L;
  return {
    name: `${disc} ${M} modes, ${L} taps`,
    shapes: [
      [1, 1],
      [1, M],
      [1, M],
      [1, 1, M, 2],
      [1, 1, M, 2],
    ],
    attrs: { length: L, disc },
    fills: [
      { kind: 'values', values: [Math.fround(Math.log(delta))] },
      { kind: 'uniform', low: 0, high: 1 },
      { kind: 'uniform', low: -Math.PI * L, high: Math.PI * L },
    ],
  };
}

for (const disc of discretisations)
  test(`${disc}: 65536 taps of 128 modes`, async () => {
    const r = await checkOp(s4dKernelOp, alive(128, 65536, disc), cpu, reference);
    assert.equal(r.status, 'pass', `${r.reason} (${r.worst} ${r.error})`);
  });

test('a million taps of 5 modes', async () => {
  const r = await checkOp(s4dKernelOp, alive(5, 1_000_003, 'zoh'), cpu, reference);
  assert.equal(r.status, 'pass', `${r.reason} (${r.worst} ${r.error})`);
});

test('modes that die out leave exact zeros, not denormal noise', async () => {
  const c: OpCase<S4dAttrs> = {
    ...alive(3, 40_000, 'zoh'),
    fills: [
      { kind: 'values', values: [-2.5] },
      { kind: 'values', values: [0] },
      { kind: 'uniform', low: -3, high: 3 },
    ],
  };
  const r = await checkOp(s4dKernelOp, c, cpu, reference);
  assert.equal(r.status, 'pass', `${r.reason} (${r.worst} ${r.error})`);
});
