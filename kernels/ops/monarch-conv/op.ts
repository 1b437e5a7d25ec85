/**
 * Long convolution by Monarch transforms: `fft-conv` (same operands, same values, `fft-conv/op.ts`) with every DFT done
 * as a chain of dense matrix products of sizes n_1 ... n_p (Fu et al. 2023, "FlashFFTConv", arXiv 2311.05908, section
 * 3.1; `butterfly-transform/op.ts` has the formula). Where matrix units are ten times faster than anything else, this is
 * how a convolution reaches them; on a CPU it does 5 to 8 times the arithmetic of the FFT for the same result.
 *
 *   useful    2.5 n log2 n per real transform of n = L + Lk, the FFT's count, whatever the form: `fft-conv`'s cost
 *   executed  8 N (n_1 + ... + n_p) per complex transform of N = n_1 ... n_p, half of it at a level with real data:
 *             what `cost` of this op reports
 *
 * A real row is a complex row of half the length: in the ring t^N = i a real row of 2N, t^2N = -1, needs neither the
 * packing of even and odd elements nor a split of the spectrum, and the zeros of a causal convolution's second half are
 * never multiplied. So N >= (L + Lk - 1) / 2 is enough, of any factors.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { convolutionShape, isTwoSided, lagRange, type Sides, sideNames } from '../fft-conv/sides.ts';
import { defineOp, type OpCase, requireShape, type Shape, sizeOf } from '../op.ts';

export type MonarchConvAttrs = {
  sides: Sides;
  /** n_1 ... n_p. */
  factors: readonly number[];
};

/** The smallest N that keeps outputs and kernel gradients clean. */
export function monarchSize(sides: Sides, L: number, Lk: number): number {
  const { P, Q } = lagRange(sides, L, Lk);
  return Math.max(1, Math.ceil((L + Math.max(P - 1, Q)) / 2));
}

const chosen = new Map<number, readonly number[]>();

/**
 * Factors for a transform of at least `least`: as few as keep each at 32 or below, as the published kernels do (two up to
 * 1024, three up to 32K), of these the ones with the least arithmetic; the first, along which lanes run, a multiple of 16.
 */
export function monarchFactors(least: number): readonly number[] {
  const known = chosen.get(least);
  if (known) return known;
  let best: readonly number[] = [least];
  if (least > 32) {
    const levels = Math.max(2, Math.ceil(Math.log(least) / Math.log(32) - 1e-9));
    let lowest = Number.POSITIVE_INFINITY;
    const middle = (at: number, product: number, list: number[]): void => {
      if (at === levels - 1) {
        const last = Math.ceil(least / product);
        if (last < 2 || last > 32) return;
        const N = product * last;
        const cost = N * [...list, last].reduce((s, n, i) => s + (i ? 8 : 4) * n, 0);
        if (cost < lowest) [lowest, best] = [cost, [...list, last]];
        return;
      }
      for (let n = at ? 8 : 16; n <= 32; n += at ? 4 : 16) middle(at + 1, product * n, [...list, n]);
    };
    middle(0, 1, []);
  }
  chosen.set(least, best);
  return best;
}

interface CaseOptions {
  B?: number;
  C?: number;
  H?: number;
  Lk?: number;
  D?: boolean;
  sides?: Sides;
  factors?: number[];
}

function sample(L: number, o: CaseOptions = {}): OpCase<MonarchConvAttrs> {
  const { B = 2, C = 1, H = 3, sides = 'causal', D = true } = o;
  const Lk = o.Lk ?? (sides === 'circular' ? 2 * L : L);
  const factors = o.factors ?? monarchFactors(monarchSize(sides, L, Lk));
  return {
    name: `${sides} ${B}x${H}x${L}, ${Lk} taps, ${C} channels${D ? '' : ', no D'}, factors ${factors.join('x')}`,
    shapes: [[B, H, L], [isTwoSided(sides) ? 2 * C : C, H, Lk], D ? [C, H] : null],
    attrs: { sides, factors },
    ...(sides === 'causal' ? { causal: [2, 2] as [number, number] } : {}),
  };
}

const cases: OpCase<MonarchConvAttrs>[] = [
  ...[1, 2, 3, 7, 31, 64, 100, 127, 257, 1000, 1024].map((L) => sample(L)),
  ...[1, 2, 7, 100, 509].flatMap((L) => sideNames.slice(1).map((sides) => sample(L, { sides, H: 2 }))),
  ...sideNames.map((sides) => sample(75, { sides, B: 3, C: 2, factors: [5, 3, 7] })),
  sample(61, { C: 3, D: false, B: 1, factors: [64] }),
  sample(130, { Lk: 1 }),
  sample(300, { Lk: 5, factors: [13, 12] }),
  sample(300, { Lk: 40, sides: 'lag-1' }),
  sample(300, { Lk: 299, sides: 'double-zero', D: false }),
  sample(50, { Lk: 200, C: 2, factors: [2, 2, 2, 2, 2, 2] }),
  sample(50, { Lk: 51, sides: 'lag-1' }),
  sample(1024, { H: 4, factors: [32, 32] }),
  sample(1024, { H: 20, factors: [8, 8, 16] }),
  sample(3000, { H: 4, B: 1 }),
  sample(5000, { H: 4, B: 1, sides: 'lag-1', Lk: 1700, factors: [16, 16, 16] }),
  sample(4096, { H: 2, B: 3, sides: 'double-zero', factors: [64, 64] }),
  sample(20000, { H: 2, B: 1 }),
];

const monarchConvOp = defineOp<MonarchConvAttrs>({
  id: 'monarch-conv',
  inputs: [{ name: 'u' }, { name: 'k' }, { name: 'D', optional: true }],
  outputs: [{ name: 'y' }],
  infer([u, k, D], { sides, factors }) {
    const id = 'monarch-conv';
    const y = convolutionShape(id, [u, k, D], sides);
    const [L, Lk] = [(u as Shape)[2], (k as Shape)[2]];
    requireShape(
      factors.length > 0 && factors.length <= 24 && factors.every((n) => Number.isInteger(n) && n > 0),
      id,
      `the factors [${factors.join(', ')}] must be 1 to 24 whole numbers, at least 1`,
    );
    const least = monarchSize(sides, L, Lk);
    requireShape(
      sizeOf(factors) >= least,
      id,
      `the factors ${factors.join(' x ')} = ${sizeOf(factors)} are too small for length ${L}: their product must be at least ${least}`,
    );
    return [y];
  },
  saves: () => ({ inputs: [0, 1, 2], outputs: [] }),
  /** sides (position in the list), number of factors, the factors */
  pack: ({ sides, factors }) => [sideNames.indexOf(sides), factors.length, ...factors],
  /** Rows and spectra of one channel a thread, and the tables of the transform. */
  workspace([u, k], { sides, factors }, _pass, threads) {
    const [, H] = u as Shape;
    const C = (k as Shape)[0] / (isTwoSided(sides) ? 2 : 1);
    const N = sizeOf(factors);
    const row = 2 * (N + 32 * Math.max(...factors));
    const desk = 3 * row + (2 * C + 3) * (2 * N + 16) + 520 * Math.max(...factors);
    return 4 * (Math.min(threads, H) * desk + 6 * N + 10 * factors.reduce((s, n) => s + n * n, 0));
  },
  /** The matrix products as they are carried out; the head of this file has the useful count. */
  cost([u, k], { sides, factors }) {
    const [B, H, L] = u as Shape;
    const [K, , Lk] = k as Shape;
    const C = isTwoSided(sides) ? K / 2 : K;
    const N = sizeOf(factors);
    const { P, Q } = lagRange(sides, L, Lk);
    // Rows of the first level's matrix that a row of `length` touches: both planes beyond N.
    const first = (length: number) => (length > N ? 2 * factors[0] : Math.ceil((length * factors[0]) / N));
    const rest = N * factors.slice(1).reduce((s, n) => s + 8 * n + 6, 0);
    const row = 4 * N * first(L) + rest;
    const kernel = 4 * N * (Q ? 2 * factors[0] : first(P)) + rest;
    const product = 6 * N;
    const rows = B * H;
    return {
      forward: {
        flops: rows * ((1 + C) * row + C * product) + C * H * kernel,
        bytes: 4 * (rows * L * (1 + C) + K * H * Lk),
      },
      backward: {
        flops: rows * ((2 + C) * row + C * (2 * product + 4 * N)) + 2 * C * H * kernel,
        bytes: 4 * (rows * L * (2 + C) + 2 * K * H * Lk),
      },
    };
  },
  cases,
  tolerance: 3e-6,
});
export default monarchConvOp;

export interface MonarchConvOptions {
  sides: Sides;
  factors?: readonly number[];
}

/** y (B, C H, L) of `fft-conv`, by matrix products. */
export function monarchConv(t: Tape, u: Tensor, k: Tensor, D: Tensor | null, options: MonarchConvOptions): Tensor {
  const { sides } = options;
  const factors = options.factors ?? monarchFactors(monarchSize(sides, u.shape[2], k.shape[2]));
  return t.apply(monarchConvOp, [u, k, D], { sides, factors })[0];
}
