/**
 * The discrete Fourier transform as a chain of matrix products, with its small DFT matrices fixed or learned.
 *
 *   T(x; n_1 ... n_p), N = n_1 ... n_p:   X = x as (n_1, N / n_1)     Y = (M_1 X) . W,  W[k, j] = exp(-2 pi i k j / N)
 *   Z = T(each row of Y; n_2 ... n_p)     y = Z^T, flattened          T(x; n_1) = M_1 x
 *
 * With M_i[k, j] = exp(-2 pi i k j / n_i) this is the DFT in natural order (a Monarch transform: Dao et al. 2022,
 * arXiv 2204.00595; Fu et al. 2023, arXiv 2311.05908, section 3.1); with free M_i it is the learned butterfly of Fu et
 * al. 2023, arXiv 2302.06646, section 3.3. The twiddles W stay exact. The transform before the transpositions, y[k_1,
 * ..., k_p] = Y[k_1 + n_1 k_2 + ...], is `permute` of (n_p, ..., n_1).
 *
 *   x       (B, H, L) real, or (B, H, 2, L): real parts, then imaginary parts. L <= N, zeros follow
 *   tail    (B, H, Lt) or none: place N - 1 - j holds tail[j] (taps of negative lags of a circular kernel)
 *   blocks  (G, S, 2) complex matrices, or none for the exact ones; G = 1 (all channels) or H. Level i is the n_i x n_i
 *           matrix, row-major, at `offsets[i]`; levels may share one
 *   y       (B, H, 2, N)
 *
 * Backward: with G_y the gradient of a level's product, G_X = M^H G_y and G_M = sum G_y X^H, over all uses.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type ButterflyAttrs = {
  /** n_1 ... n_p, outermost first. */
  factors: readonly number[];
  /** Where in `blocks` each level's matrix begins, in complex numbers. */
  offsets: readonly number[];
};

/** Levels one after the other. */
const inTurn = (factors: readonly number[]): number[] =>
  factors.map((_, i) => factors.slice(0, i).reduce((s, n) => s + n * n, 0));
const squares = (factors: readonly number[]): number => factors.reduce((s, n) => s + n * n, 0);

interface CaseOptions {
  B?: number;
  H?: number;
  L?: number;
  complex?: boolean;
  tail?: number;
  heads?: number;
  offsets?: number[];
}

function sample(factors: number[], o: CaseOptions = {}): OpCase<ButterflyAttrs> {
  const { B = 2, H = 3, complex = false, heads, offsets = inTurn(factors) } = o;
  const N = sizeOf(factors);
  const L = o.L ?? Math.ceil(N / 2);
  const size = Math.max(...offsets.map((at, i) => at + factors[i] ** 2));
  return {
    name: `${factors.join('x')}, ${B}x${H}x${L}${complex ? ' complex' : ''}${o.tail ? ` tail ${o.tail}` : ''}, ${heads ? `${heads} learned` : 'exact'}`,
    shapes: [complex ? [B, H, 2, L] : [B, H, L], o.tail ? [B, H, o.tail] : null, heads ? [heads, size, 2] : null],
    attrs: { factors, offsets },
    fills: [undefined, undefined, { kind: 'normal', scale: 1 / Math.sqrt(Math.max(...factors)) }],
  };
}

const cases: OpCase<ButterflyAttrs>[] = [
  sample([1], { L: 1, heads: 1 }),
  sample([2], { heads: 1, tail: 1 }),
  sample([7], { L: 7 }),
  sample([16], { heads: 3, L: 9 }),
  sample([2, 2, 2, 2, 2, 2], { heads: 1 }),
  sample([4, 4, 2], { heads: 3, L: 13, tail: 11 }),
  sample([4, 4, 2], { heads: 1, complex: true, L: 32, offsets: [4, 4, 0] }),
  sample([16, 16, 2], { heads: 1, offsets: [84, 84, 0] }),
  sample([16, 16, 2], { heads: 2, H: 2, B: 5, offsets: [84, 84, 0], L: 511 }),
  sample([8, 8, 8], { heads: 1, complex: true, H: 1, B: 1, L: 300, offsets: [0, 0, 0] }),
  sample([3, 5, 7]),
  sample([5, 11, 2], { complex: true, heads: 1, L: 101 }),
  sample([17, 19], { heads: 1, L: 1, H: 1 }),
  sample([13, 3, 4], { heads: 3, L: 150, tail: 6 }),
  sample([16, 64], { L: 1024, complex: true }),
  sample([32, 32], { heads: 1, H: 40, L: 700 }),
  sample([8, 8, 16], { tail: 512 }),
  sample([16, 16, 16, 2], { heads: 1, H: 2, B: 3, offsets: [0, 256, 0, 512] }),
  sample([64, 64], { H: 1, B: 1, L: 4096, complex: true }),
];

const butterflyTransformOp = defineOp<ButterflyAttrs>({
  id: 'butterfly-transform',
  inputs: [{ name: 'x' }, { name: 'tail', optional: true }, { name: 'blocks', optional: true }],
  outputs: [{ name: 'y' }],
  infer([x, tail, blocks], { factors, offsets }) {
    const id = 'butterfly-transform';
    requireShape(
      factors.length > 0 && factors.length <= 24 && factors.every((n) => Number.isInteger(n) && n > 0),
      id,
      `the factors [${factors.join(', ')}] must be 1 to 24 whole numbers, at least 1`,
    );
    const N = sizeOf(factors);
    const complex = x?.length === 4 && x[2] === 2;
    requireShape(
      complex || x?.length === 3,
      id,
      `x must have shape (B, H, L) or (B, H, 2, L), not ${showShape(x ?? null)}`,
    );
    const [B, H] = x;
    const L = x[x.length - 1];
    requireShape(sizeOf(x) > 0, id, 'every dimension must be at least 1');
    requireShape(
      !tail || (!complex && tail.length === 3 && tail[0] === B && tail[1] === H && tail[2] > 0),
      id,
      `tail must be (${B}, ${H}, Lt) beside a real x, not ${showShape(tail)}`,
    );
    requireShape(
      L + (tail?.[2] ?? 0) <= N,
      id,
      `${L}${tail ? ` + ${tail[2]}` : ''} elements do not fit a transform of ${factors.join(' x ')} = ${N}`,
    );
    requireShape(
      !blocks || (blocks.length === 3 && (blocks[0] === 1 || blocks[0] === H) && blocks[2] === 2),
      id,
      `blocks must be (1 or ${H}, S, 2), not ${showShape(blocks)}`,
    );
    requireShape(
      !blocks ||
        (offsets.length === factors.length &&
          offsets.every((at, i) => Number.isInteger(at) && at >= 0 && at + factors[i] ** 2 <= blocks[1])),
      id,
      `the matrices of ${factors.join(', ')} at ${offsets.join(', ')} do not fit ${blocks?.[1]} complex numbers`,
    );
    return [[B, H, 2, N]];
  },
  saves: () => ({ inputs: [0, 1, 2], outputs: [] }),
  /** number of factors, the factors, their offsets */
  pack: ({ factors, offsets }) => [factors.length, ...factors, ...factors.map((_, i) => offsets[i] ?? 0)],
  /** A row at each level for each thread, its matrices, and partial sums of their gradients. */
  workspace([x, , blocks], { factors }, pass, threads) {
    const N = sizeOf(factors);
    const rows = (pass === 'forward' ? 3 : factors.length + 3) * 2 * (N + 32 * Math.max(...factors));
    const units = blocks && blocks[0] > 1 ? blocks[0] : 32;
    const partial = pass === 'backward' && blocks ? units * 4 * squares(factors) : 0;
    return (
      4 *
      (Math.min(threads, sizeOf((x as Shape).slice(0, 2))) *
        (rows + 520 * Math.max(...factors) + 10 * squares(factors)) +
        partial +
        6 * N +
        10 * squares(factors))
    );
  },
  /** The matrix products as they are carried out: 8 N (n_1 + ... + n_p) a complex row, of 5 N log2 N useful ones. */
  cost([x, tail, blocks], { factors }) {
    const shape = x as Shape;
    const complex = shape.length === 4;
    const rows = shape[0] * shape[1];
    const N = sizeOf(factors);
    const L = shape[shape.length - 1];
    const K = complex ? 2 * factors[0] : tail ? factors[0] : Math.ceil((L * factors[0]) / N);
    const first = 4 * N * K;
    const rest = factors.slice(1).reduce((s, n) => s + 8 * N * n, 0);
    const twiddles = 6 * N * (factors.length - 1);
    const input = 4 * (sizeOf(shape) + (tail ? sizeOf(tail) : 0) + (blocks ? sizeOf(blocks) : 0));
    const output = 4 * rows * 2 * N;
    return {
      forward: { flops: rows * (first + rest + twiddles), bytes: input + output },
      backward: { flops: rows * ((first + rest + twiddles) * (blocks ? 3 : 1)), bytes: 2 * input + output },
    };
  },
  cases,
  tolerance: 3e-6,
});
export default butterflyTransformOp;

export interface ButterflyOptions {
  factors: readonly number[];
  tail?: Tensor | null;
  blocks?: Tensor | null;
  /** Default: one after the other. */
  offsets?: readonly number[];
}

/** T(x; factors), (B, H, 2, N); see the head of this file. */
export const butterflyTransform = (t: Tape, x: Tensor, { factors, tail, blocks, offsets }: ButterflyOptions): Tensor =>
  t.apply(butterflyTransformOp, [x, tail ?? null, blocks ?? null], { factors, offsets: offsets ?? inTurn(factors) })[0];

/**
 * The levels of the published recursion at a size: N rounded up to a power of two, as `largest` x ... x `largest` x
 * rest; N itself when it is not larger. Fu et al.'s code calls them with matrices of 2, 4, ..., `largest`.
 */
export function butterflyFactors(size: number, largest: number): number[] {
  let N = 1;
  while (N < size) N *= 2;
  const factors: number[] = [];
  for (; N > largest; N /= largest) factors.push(largest);
  return [...factors, N];
}

/** Factors of a size, few and small, for exact transforms: their product is n; a large prime stays whole. */
export function wholeFactors(n: number, largest = 32): number[] {
  const factors: number[] = [];
  for (let rest = n; rest > 1; ) {
    let f = Math.min(largest, rest);
    while (f > 1 && rest % f) f--;
    if (f === 1) for (f = largest + 1; rest % f; ) f++;
    factors.push(f);
    rest /= f;
  }
  return factors.length ? factors : [1];
}
