/**
 * The recurrence of a diagonal state space, constant in time, for all states at once:
 *
 *   x_t = a x_{t-1} + v_t,   a = exp(w),   x_{-1} = start      element-wise over the S complex states
 *
 *   v      (B, L, 2S): the real parts of the S states, then the imaginary parts
 *   logRe, logIm (S): w, the logarithm of a. A step that decays slowly has a near 1 and w near 0: float32 holds w to
 *          full relative precision, and a without it (6e-8 of a, a thousandth after 16K steps)
 *   start  (B, 2S), the state before the first step; absent: zero. No gradient flows to it (evaluation in stretches)
 *   x      (B, L, 2S)
 *
 * `sides: 2`: a second sequence of states runs from the end to the beginning over the same v (its own step included),
 * x (B, L, 4S) = (forward, backward).
 *
 * Backward is the reversed scan: l_t = g_t + conj(a) l_{t+1};  v' = l,  a' = sum_{b,t} conj(x_{t-1}) l_t,  w' = conj(a) a'.
 * With two sides v' is the sum of both. (Smith, Warrington and Linderman 2022, arXiv 2208.04933, section 3.1, computes
 * the same with an associative scan.)
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type Fill, type OpCase, requireShape, type Shape, showShape } from '../op.ts';

export type DiagonalScanAttrs = { sides: 1 | 2 };

const fills = (slowest: number): (Fill | undefined)[] => [
  undefined,
  { kind: 'uniform', low: -0.5, high: -slowest },
  { kind: 'uniform', low: -4, high: 4 },
];
const sized = (
  name: string,
  [B, L, S]: [number, number, number],
  sides: 1 | 2 = 1,
  start = false,
  slowest = 0.01,
): OpCase<DiagonalScanAttrs> => ({
  name,
  shapes: [[B, L, 2 * S], [S], [S], start ? [B, 2 * S] : null],
  attrs: { sides },
  fills: fills(slowest),
  causal: sides === 1 ? [1, 1] : undefined,
});

const cases: OpCase<DiagonalScanAttrs>[] = [
  sized('one step of one state', [1, 1, 1]),
  sized('one step with a start', [2, 1, 5], 1, true),
  sized('L7 of 3', [2, 7, 3]),
  sized('L65 of 16', [3, 65, 16], 1, true),
  sized('L101 of 37', [2, 101, 37]),
  sized('L130 of 64', [2, 130, 64], 1, true),
  sized('L64 of 131', [1, 64, 131]),
  sized('two sides, one step', [2, 1, 2], 2),
  sized('two sides, L33 of 5', [2, 33, 5], 2),
  sized('two sides, L100 of 70', [1, 100, 70], 2),
  // The sum over 5000 steps cancels to a few hundredths of its terms.
  { ...sized('slow, L5000', [1, 5000, 9], 1, false, 1e-4), tolerance: 3e-5 },
];

const diagonalScanOp = defineOp<DiagonalScanAttrs>({
  id: 'diagonal-scan',
  inputs: [
    { name: 'v' },
    { name: 'logRe' },
    { name: 'logIm' },
    { name: 'start', optional: true, differentiable: false },
  ],
  outputs: [{ name: 'x' }],
  infer([v, logRe, logIm, start], { sides }) {
    const id = 'diagonal-scan';
    requireShape(v?.length === 3 && v[2] % 2 === 0, id, `v must be (B, L, 2S), not ${showShape(v ?? null)}`);
    const [B, L, columns] = v as [number, number, number];
    const S = columns / 2;
    requireShape(B > 0 && L > 0 && S > 0, id, `v ${showShape(v)} is empty`);
    for (const [name, w] of [['logRe', logRe] as const, ['logIm', logIm] as const])
      requireShape(w?.length === 1 && w[0] === S, id, `${name} must be (${S}), not ${showShape(w ?? null)}`);
    requireShape(sides === 1 || sides === 2, id, `sides is ${sides}: choose 1 or 2`);
    requireShape(!start || sides === 1, id, 'a scan of two sides begins at both ends: it takes no start');
    requireShape(
      !start || (start.length === 2 && start[0] === B && start[1] === columns),
      id,
      `start must be (${B}, ${columns}), not ${showShape(start)}`,
    );
    return [[B, L, sides * columns]];
  },
  saves: () => ({ inputs: [1, 2, 3], outputs: [0] }),
  /** sides */
  pack: ({ sides }) => [sides],
  cost([v], { sides }) {
    const [B, L, columns] = v as Shape;
    const n = B * L * columns;
    return {
      forward: { flops: 4 * sides * n, bytes: 4 * n * (1 + sides) },
      backward: { flops: 8 * sides * n, bytes: 4 * n * (1 + 2 * sides) },
    };
  },
  cases,
  // Rounding of every step, carried along: it grows as the root of the number of steps that a state remembers.
  tolerance: 4e-6,
});
export default diagonalScanOp;

export interface Diagonal {
  logRe: Tensor;
  logIm: Tensor;
}

/** The states (B, L, sides 2S) that v (B, L, 2S) drives. */
export const diagonalScan = (
  t: Tape,
  v: Tensor,
  { logRe, logIm }: Diagonal,
  { sides = 1, start = null }: { sides?: 1 | 2; start?: Tensor | null } = {},
): Tensor => t.apply(diagonalScanOp, [v, logRe, logIm, start], { sides })[0];
