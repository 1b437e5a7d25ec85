/**
 * The exact recurrence of Liquid-S4, one diagonal system for each channel, its transition moved by the input:
 *
 *   x_t = (abar + bbar u_t) x_{t-1} + bbar u_t,   y_t = 2 Re sum_n C_n x_t[n] + D u_t        mode by mode
 *   abar = Abar, bbar = B f of the discretised modes (`s4d-kernel`; zoh or bilinear)
 *
 * Hasani et al. 2022, arXiv 2209.12951, equation 6. Operands: u (B, L, H); invDt (H, 1), aReal and aImag (S, N/2),
 * B (1, S, N/2, 2), C (1, H, N/2, 2), channel h uses row h mod S; D (H) or null; start, the state before the first step,
 * (B, N/2, 2, H), real parts then imaginary parts, or null: zero. Outputs: y (B, L, H) and the state after the last
 * step. No gradient flows to or from the states (evaluation in stretches).
 *
 * Backward, f_t = abar + bbar u_t:  l_t = 2 conj(C) g_t + conj(f_{t+1}) l_{t+1},  G_f = l_t conj(x_{t-1}),
 *   abar' = sum G_f,  bbar' = sum u_t (G_f + l_t),  C' = 2 sum conj(x_t) g_t,
 *   u'_t = Re sum_n conj(bbar)(G_f + l_t) + D g_t,  and the chain rule down to the stored parameters.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type Fill, type OpCase, requireShape, type Shape, showShape } from '../op.ts';
import type { S4dParameters } from '../s4d-kernel/op.ts';

export const discretisations = ['zoh', 'bilinear'] as const;
export type LiquidAttrs = { disc: (typeof discretisations)[number] };

const fills: (Fill | undefined)[] = [
  { kind: 'normal', scale: 0.7 },
  { kind: 'uniform', low: -6, high: -2.3 },
  { kind: 'normal', scale: 0.3, shift: -0.7 },
  { kind: 'uniform', low: -20, high: 20 },
];
const made = (
  name: string,
  [B, L, H, S, M]: [number, number, number, number, number],
  disc: LiquidAttrs['disc'],
  { skip = true, start = false } = {},
): OpCase<LiquidAttrs> => ({
  name,
  shapes: [
    [B, L, H],
    [H, 1],
    [S, M],
    [S, M],
    [1, S, M, 2],
    [1, H, M, 2],
    skip ? [H] : null,
    start ? [B, M, 2, H] : null,
  ],
  attrs: { disc },
  fills,
  causal: L > 1 ? [1, 1] : undefined,
});
const cases = [
  made('one of everything', [1, 1, 1, 1, 1], 'zoh'),
  made('two steps', [2, 2, 3, 3, 2], 'bilinear', { start: true }),
  made('L7, shared copies', [2, 7, 6, 2, 3], 'zoh', { skip: false }),
  made('L65, 17 channels', [2, 65, 17, 17, 4], 'bilinear'),
  made('L101, 37 channels', [1, 101, 37, 1, 5], 'zoh', { start: true }),
  made('L128, 32 modes', [1, 128, 4, 4, 32], 'zoh'),
  // Gradients are sums over 1000 steps whose terms cancel.
  { ...made('L1000', [1, 1000, 2, 2, 3], 'bilinear'), tolerance: 2e-5 },
];

const liquidScanOp = defineOp<LiquidAttrs>({
  id: 'liquid-scan',
  inputs: [
    { name: 'u' },
    { name: 'invDt' },
    { name: 'aReal' },
    { name: 'aImag' },
    { name: 'B' },
    { name: 'C' },
    { name: 'D', optional: true },
    { name: 'start', optional: true, differentiable: false },
  ],
  outputs: [{ name: 'y' }, { name: 'state', auxiliary: true }],
  infer([u, invDt, aReal, aImag, B, C, D, start], { disc }) {
    const id = 'liquid-scan';
    requireShape(
      u?.length === 3 && u.every((n) => n > 0),
      id,
      `u must be (B, L, H) and not empty, not ${showShape(u ?? null)}`,
    );
    const [batch, , H] = u;
    requireShape(
      C?.length === 4 && C[0] === 1 && C[1] === H && C[3] === 2,
      id,
      `C must be (1, ${H}, N/2, 2), not ${showShape(C ?? null)}`,
    );
    const M = C[2];
    requireShape(invDt?.[0] === H && invDt[1] === 1, id, `invDt must be (${H}, 1), not ${showShape(invDt ?? null)}`);
    const S = aReal?.[0] ?? 0;
    for (const [name, a] of [['aReal', aReal] as const, ['aImag', aImag] as const])
      requireShape(
        a?.length === 2 && a[0] === S && a[1] === M,
        id,
        `${name} must be (S, ${M}), not ${showShape(a ?? null)}`,
      );
    requireShape(
      B?.length === 4 && B[0] === 1 && B[1] === S && B[2] === M && B[3] === 2,
      id,
      `B must be (1, ${S}, ${M}, 2), not ${showShape(B ?? null)}`,
    );
    requireShape(S > 0 && H % S === 0, id, `the ${S} copies of A must divide the ${H} channels`);
    requireShape(!D || (D.length === 1 && D[0] === H), id, `D must be (${H}), not ${showShape(D)}`);
    const state = [batch, M, 2, H];
    requireShape(
      !start || (start.length === 4 && start.every((n, i) => n === state[i])),
      id,
      `start must be ${showShape(state)}, not ${showShape(start)}`,
    );
    requireShape(discretisations.includes(disc), id, `disc is "${disc}": choose ${discretisations.join(', ')}`);
    return [u, state];
  },
  saves: () => ({ inputs: [0, 1, 2, 3, 4, 5, 6, 7], outputs: [] }),
  /** discretisation index */
  pack: ({ disc }) => [discretisations.indexOf(disc)],
  /** Backward: the states at the start of every stretch of 64 steps, for the channels that the threads are at. */
  workspace([u, , aReal], _, pass, threads) {
    const [B, L, H] = u as Shape;
    const M = (aReal as Shape)[1];
    const lanes = 16 * Math.min(threads, B * Math.ceil(H / 16));
    const sums = 8 * 6 * M * B * (H + 16);
    return pass === 'forward' ? 4 * 6 * M * (H + 16) : 4 * lanes * (8 * M * Math.ceil(L / 64) + 1024) + sums;
  },
  cost([u, , aReal, , , , , start]) {
    const [B, L, H] = u as Shape;
    const M = (aReal as Shape)[1];
    const terms = B * L * H * M;
    const bytes = 4 * B * L * H;
    const ends = 4 * B * M * 2 * H * (start ? 2 : 1);
    return {
      forward: { flops: 20 * terms, bytes: 2 * bytes + ends },
      backward: { flops: 60 * terms, bytes: 3 * bytes },
    };
  },
  cases,
  // Rounding of every step, carried along by transitions that the input moves around 1.
  tolerance: 5e-6,
});
export default liquidScanOp;

/** y (B, L, H) and the state after the last step, of u (B, L, H). */
export function liquidScan(
  t: Tape,
  u: Tensor,
  p: S4dParameters,
  D: Tensor | null,
  attrs: LiquidAttrs,
  start: Tensor | null = null,
): { y: Tensor; state: Tensor } {
  const [y, state] = t.apply(liquidScanOp, [u, p.invDt, p.aReal, p.aImag, p.B, p.C, D, start], attrs);
  return { y, state };
}
