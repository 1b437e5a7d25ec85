/**
 * M steps of a linear state space with real input and output, one for each of H channels: the recurrent form of every
 * model whose kernel is a sum of decaying modes. x is complex, N modes a channel; conjugate modes are implied by the
 * factor 2 that the caller puts in c (and q).
 *
 *   rank 0   x_t = a x_{t-1} + u_t                                    diagonal; the input vector is part of c
 *   rank R   x_t = a x_{t-1} + sum_r w_r s_r + b u_t,  s_r = Re sum_n q_r x_{t-1}     diagonal plus low rank
 *   y_t = Re sum_n c_k x_t + D_k u_t,   k = 0..C-1 outputs a channel
 *
 * Operands: u (B, M, H); rows (K, N, 2, H): a, c_1 .. c_C (rank 0) or a, b, w_1 .. w_R, q_1 .. q_R, c_1 .. c_C; rest, as
 * rows: what rounding to the device's precision left of them, so that M steps do not drift (a float32 |a| alone is wrong
 * by 6e-8, its M-th power by M times that); D (C, H); the state x before the first step, (B, N, 2, H), real parts then
 * imaginary parts. Outputs: y (B, M, C H), channel k H + h; the state after the last step. Evaluation only.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape } from '../op.ts';

export type StateStepsAttrs = {
  /** Outputs of each channel, C. */
  channels: number;
  /** R. */
  rank: number;
};

/** Rows of the coefficients. */
export const rowCount = ({ channels, rank }: StateStepsAttrs): number => channels + (rank === 0 ? 1 : 2 + 2 * rank);

const sized = (
  name: string,
  [B, M, H, N]: number[],
  { channels = 1, rank = 0, rest = true, skip = true } = {},
): OpCase<StateStepsAttrs> => {
  const attrs = { channels, rank };
  const rows = [rowCount(attrs), N, 2, H];
  // |a| stays below 0.9; the low-rank part is small beside it.
  const most = rank === 0 ? 0.6 : 0.9 / (1 + Math.sqrt(2 * N * rank));
  return {
    name,
    shapes: [[B, M, H], rows, rest ? rows : null, skip ? [channels, H] : null, [B, N, 2, H]],
    attrs,
    fills: [undefined, { kind: 'uniform', low: -most, high: most }, { kind: 'normal', scale: 1e-9 }],
    causal: [1, 1],
  };
};

const stateStepsOp = defineOp<StateStepsAttrs>({
  id: 'state-steps',
  inputs: [
    { name: 'u' },
    { name: 'rows' },
    { name: 'rest', optional: true },
    { name: 'D', optional: true },
    { name: 'state' },
  ],
  outputs: [{ name: 'y' }, { name: 'state' }],
  differentiable: false,
  infer([u, rows, rest, D, state], attrs) {
    const id = 'state-steps';
    requireShape(u?.length === 3 && u[1] > 0, id, `u must be (B, M, H) with M >= 1, not ${showShape(u ?? null)}`);
    const [B, M, H] = u as number[];
    const K = rowCount(attrs);
    const fits = rows?.length === 4 && rows[0] === K && rows[2] === 2 && rows[3] === H;
    requireShape(fits, id, `rows must be (${K}, N, 2, ${H}), not ${showShape(rows ?? null)}`);
    const N = (rows as Shape)[1];
    const same = (a: Shape | null, b: Shape) => !a || (a.length === b.length && a.every((n, i) => n === b[i]));
    requireShape(same(rest, rows as Shape), id, `rest must be as rows, ${showShape(rows)}, not ${showShape(rest)}`);
    requireShape(same(D, [attrs.channels, H]), id, `D must be (${attrs.channels}, ${H}), not ${showShape(D)}`);
    requireShape(
      state !== null && same(state, [B, N, 2, H]),
      id,
      `the state must be (${B}, ${N}, 2, ${H}), not ${showShape(state)}`,
    );
    return [
      [B, M, attrs.channels * H],
      [B, N, 2, H],
    ];
  },
  saves: () => ({ inputs: [], outputs: [] }),
  /** channels, rank */
  pack: ({ channels, rank }) => [channels, rank],
  cost([u, rows], { channels, rank }) {
    const [B, M, H] = u as number[];
    const [K, N] = rows as number[];
    const step = 8 + 4 * channels + (rank === 0 ? 0 : 4 + 8 * rank);
    const bytes = 4 * (B * M * H * (1 + channels) + 4 * B * N * H + 2 * K * N * H);
    return { forward: { flops: B * M * H * N * step, bytes }, backward: { flops: 0, bytes: 0 } };
  },
  cases: [
    sized('one step', [1, 1, 1, 1]),
    sized('one step of many channels', [3, 1, 67, 5]),
    sized('M7', [2, 7, 3, 2], { rest: false }),
    sized('M8 N32', [2, 8, 16, 32]),
    sized('M101 without D', [3, 101, 5, 7], { skip: false }),
    sized('M64 channels', [2, 64, 33, 4], { channels: 3 }),
    sized('rank 1, one step', [2, 1, 3, 4], { rank: 1 }),
    sized('rank 1, M61', [2, 61, 17, 6], { rank: 1, skip: false }),
    sized('rank 1, one mode, no rest', [1, 5, 1, 1], { rank: 1, rest: false }),
    sized('rank 3, channels', [3, 20, 9, 5], { rank: 3, channels: 2 }),
  ],
  // The state is rounded to float32 after every step or call; the sum over modes cancels.
  tolerance: 4e-6,
});
export default stateStepsOp;

export interface StateStepsOperands {
  u: Tensor;
  rows: Tensor;
  rest: Tensor | null;
  D: Tensor | null;
  state: Tensor;
}

/** The next M steps: y (B, M, C H) and the state after them. */
export function stateSteps(t: Tape, o: StateStepsOperands, attrs: StateStepsAttrs): { y: Tensor; state: Tensor } {
  const [y, state] = t.apply(stateStepsOp, [o.u, o.rows, o.rest, o.D, o.state], attrs);
  return { y, state };
}
