/**
 * The multi-scale convolution kernel of SGConv (Li et al. 2022, arXiv 2210.09298, section 4.1).
 *
 *   cat        k_full = concat_i mu_h^{n-1-i} Up(w_i, 2^{max(0,i-1)})            i = 0..n-1, length d 2^{n-1}
 *   sum        k_full = sum_i    mu_h^{n-1-i} Up(w_i, 2^i), zero padded          length d 2^{n-1}
 *   learnable  as cat with mu = 1, then times (l+1)^{-a_h}; `learnable-sum` the same on sum
 *   k[c,h,l] = k_full[c,h,l] / norm[c,h],  cut or zero-padded to `length`
 * With `octaves` = o every piece is 2^o times longer (the public code's init_scale; o = 1 for its Path-X runs).
 *
 * Up(w, s) is linear interpolation with half-pixel centres and clamped edges (p = max((t + 1/2)/s - 1/2, 0)), or
 * `nearest` (w[floor(t/s)]). mu_h is the h-th of H equally spaced points from decayMin to decayMax. The norm is a
 * constant: no gradient flows to it. The paper's alpha is 1/mu: the weights nearest in time are the largest.
 *
 * Operands: w (n,C,H,d), norm (C,H,1), decay a (H) for the learnable modes. Output k (C,H,length).
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape } from '../op.ts';

export const modes = ['cat', 'sum', 'learnable', 'learnable-sum'] as const;
export const interpolations = ['linear', 'nearest'] as const;
export type SgconvMode = (typeof modes)[number];
export type SgconvInterpolation = (typeof interpolations)[number];
export type SgconvAttrs = {
  mode: SgconvMode;
  interpolation: SgconvInterpolation;
  /** Ends of the scale ratios mu over the features; unused by the learnable modes. */
  decayMin: number;
  decayMax: number;
  length: number;
  /** Default 0. */
  octaves?: number;
};

export const isSum = (mode: SgconvMode): boolean => mode === 'sum' || mode === 'learnable-sum';
export const isLearnable = (mode: SgconvMode): boolean => mode === 'learnable' || mode === 'learnable-sum';
/** Taps of the whole kernel, d 2^{n-1+o}. */
export const fullLength = (scales: number, d: number, octaves = 0): number => d * 2 ** (scales - 1 + octaves);
/** How many taps one weight of piece i is stretched to. */
export const stretch = ({ mode, octaves = 0 }: SgconvAttrs, i: number): number =>
  2 ** ((isSum(mode) ? i : Math.max(0, i - 1)) + octaves);
/** Scale ratio of feature h of H. */
export const ratio = ({ mode, decayMin, decayMax }: SgconvAttrs, h: number, H: number): number =>
  isLearnable(mode) ? 1 : H > 1 ? decayMin + ((decayMax - decayMin) * h) / (H - 1) : decayMin;

const sizes: [string, Shape, number][] = [
  ['L1 one scale', [1, 1, 2, 4], 1],
  ['L7 d3', [2, 1, 3, 3], 7],
  ['L100 truncated', [5, 2, 4, 8], 100],
  ['L129 padded, odd d', [4, 2, 3, 15], 129],
  ['L1031 prime', [6, 1, 3, 32], 1031],
  ['d1', [9, 1, 2, 1], 250],
];
const cases: OpCase<SgconvAttrs>[] = modes.flatMap((mode) =>
  interpolations.flatMap((interpolation) =>
    sizes.map(([name, w, length]) => ({
      name: `${mode} ${interpolation} ${name}`,
      shapes: [w, [w[1], w[2], 1], isLearnable(mode) ? [w[2]] : null],
      attrs: { mode, interpolation, decayMin: 1.25, decayMax: 3, length },
      fills: [undefined, { kind: 'uniform', low: 0.5, high: 4 }, { kind: 'uniform', low: 0.3, high: 1.5 }],
    })),
  ),
);

for (const mode of ['cat', 'sum', 'learnable'] as const)
  cases.push({
    name: `${mode} two octaves longer`,
    shapes: [[4, 2, 3, 5], [2, 3, 1], mode === 'learnable' ? [3] : null],
    attrs: { mode, interpolation: 'linear', decayMin: 1, decayMax: 3, length: 131, octaves: 2 },
    fills: [undefined, { kind: 'uniform', low: 0.5, high: 4 }, { kind: 'uniform', low: 0.3, high: 1.5 }],
  });

const sgconvKernelOp = defineOp<SgconvAttrs>({
  id: 'sgconv-kernel',
  inputs: [{ name: 'w' }, { name: 'norm', differentiable: false }, { name: 'decay', optional: true }],
  outputs: [{ name: 'k' }],
  infer([w, norm, decay], { mode, interpolation, length, octaves = 0 }) {
    const id = 'sgconv-kernel';
    requireShape(w?.length === 4, id, `w must be (scales, channels, H, d), not ${showShape(w ?? null)}`);
    const [, C, H] = w as number[];
    requireShape(
      norm?.length === 3 && norm[0] === C && norm[1] === H && norm[2] === 1,
      id,
      `norm must be (${C}, ${H}, 1), not ${showShape(norm ?? null)}`,
    );
    requireShape(modes.includes(mode), id, `mode is "${mode}": choose ${modes.join(', ')}`);
    requireShape(
      interpolations.includes(interpolation),
      id,
      `interpolation is "${interpolation}": choose ${interpolations.join(', ')}`,
    );
    requireShape(isLearnable(mode) === (decay !== null), id, 'decay is given exactly when the mode is learnable');
    requireShape(!decay || (decay.length === 1 && decay[0] === H), id, `decay must be (${H})`);
    requireShape(Number.isInteger(length) && length > 0, id, `length must be a positive integer, not ${length}`);
    requireShape(Number.isInteger(octaves) && octaves >= 0, id, `octaves must be a whole number, not ${octaves}`);
    return [[C, H, length]];
  },
  saves: ({ mode }) => (isLearnable(mode) ? { inputs: [1, 2], outputs: [0] } : { inputs: [1], outputs: [] }),
  /** sum, learnable, nearest (0 or 1 each), decayMin, decayMax, octaves */
  pack: ({ mode, interpolation, decayMin, decayMax, octaves = 0 }) => [
    Number(isSum(mode)),
    Number(isLearnable(mode)),
    Number(interpolation === 'nearest'),
    decayMin,
    decayMax,
    octaves,
  ],
  cost([w], { mode, length, octaves }) {
    const [n, C, H, d] = w as number[];
    const taps = Math.min(length, fullLength(n, d, octaves));
    const flops = C * H * taps * ((isSum(mode) ? 8 : 4) + (isLearnable(mode) ? 16 : 0));
    const bytes = 4 * C * H * (d * n + length);
    return { forward: { flops, bytes }, backward: { flops, bytes: isLearnable(mode) ? bytes * 2 : bytes } };
  },
  cases,
  tolerance: 3e-6,
});
export default sgconvKernelOp;

/** k (C,H,length) from the weights of all scales, stacked: w (n,C,H,d). */
export const sgconvKernel = (t: Tape, w: Tensor, norm: Tensor, decay: Tensor | null, attrs: SgconvAttrs): Tensor =>
  t.apply(sgconvKernelOp, [w, norm, decay], attrs)[0];
