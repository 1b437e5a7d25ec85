/**
 * Mixes every step with the one before it (the "token shift" of RWKV, Peng et al. 2023, arXiv 2305.13048, equations 11
 * to 13):
 *
 *   y_t = m x_t + (1 - m) x_{t-1}          per channel; x_{-1} = before, or 0
 *
 * x (B, T, C), m (C), before (B, C) or none; y (B, T, C).
 *
 *   dx_t = m g_t + (1 - m) g_{t+1}    dm = sum_{b,t} g_t (x_t - x_{t-1})    dbefore = (1 - m) g_0
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

const cases: OpCase[] = (
  [
    [1, 1, 1, false],
    [2, 1, 5, true],
    [2, 7, 3, false],
    [3, 64, 16, true],
    [1, 101, 67, true],
    [2, 130, 300, false],
  ] as const
).map(([B, T, C, before]) => ({
  name: `${B}x${T}x${C}${before ? ', continued' : ''}`,
  shapes: [[B, T, C], [C], before ? [B, C] : null],
  attrs: {},
  causal: T > 1 ? [1, 1] : undefined,
}));

const tokenShiftOp = defineOp({
  id: 'token-shift',
  inputs: [{ name: 'x' }, { name: 'm' }, { name: 'before', optional: true }],
  outputs: [{ name: 'y' }],
  infer([x, m, before]) {
    requireShape(x?.length === 3, 'token-shift', `x must be (B, T, C), not ${showShape(x)}`);
    const [B, , C] = x;
    requireShape(m?.length === 1 && m[0] === C, 'token-shift', `m must be (${C}), not ${showShape(m)}`);
    requireShape(
      !before || (before.length === 2 && before[0] === B && before[1] === C),
      'token-shift',
      `before must be (${B}, ${C}), not ${showShape(before)}`,
    );
    return [x];
  },
  saves: () => ({ inputs: [0, 1, 2], outputs: [] }),
  pack: () => [],
  cost([x]) {
    const n = sizeOf(x as Shape);
    return { forward: { flops: 3 * n, bytes: 8 * n }, backward: { flops: 6 * n, bytes: 12 * n } };
  },
  cases,
  tolerance: 2e-6,
});
export default tokenShiftOp;

/** y (B, T, C) of x (B, T, C); m may have any shape of C numbers. `before`: the step before the first, (B, C). */
export const tokenShift = (t: Tape, x: Tensor, m: Tensor, before: Tensor | null = null): Tensor =>
  t.apply(tokenShiftOp, [x, m.shape.length === 1 ? m : t.reshape(m, [m.size]), before], {})[0];
