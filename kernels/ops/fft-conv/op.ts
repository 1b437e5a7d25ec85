/**
 * Long convolution of every channel with its own kernel, and a skip term:
 *
 *   y[b, c H + h, t] = sum_s k_ch[t - s] u[b, h, s] + D[c, h] u[b, h, t]          0 <= s, t < L
 *
 * u (B, H, L), k (C', H, Lk), D (C, H) or none, y (B, C H, L) with c the slow index. What k_ch[lag] is:
 *
 *   causal       C' = C    tap j is lag j                                          S4, H3, Hyena, SGConv, Long Conv
 *   lag-1        C' = 2C   k[c] as causal; tap j of k[C + c] is lag -(j + 1)        S4, SGConv, Long Conv, two-sided
 *   double-zero  C' = 2C   k[c] as causal; tap j of k[C + c] is lag -j: both have lag 0      FlashConv's k_rev, Mega
 *   circular     C' = C    Lk = 2L taps of a transform of length 2L: tap j >= L is lag j - 2L    standalone Long Conv
 *
 * Lk may be shorter or longer than L (taps beyond lag L - 1 have no effect and gradient zero).
 *
 * Several forms compute the same: `fused` is the suite's own kernel; `unfused` does what the papers' baselines do: pad,
 * transform to spectra in memory, multiply, transform back, crop, each as a separate pass over memory; `three-pass` is
 * for rows longer than the caches: a butterfly over the whole row in one streaming pass, convolutions that fit, and the
 * inverse butterfly (FlashButterfly: Fu et al. 2023, arXiv 2302.06646, section 3.3). `monarch` transforms by dense
 * matrix products: see monarch-conv.
 *
 *   dU[b,h] = sum_c k_ch^T g_ch + D_ch g_ch     dk_ch[lag] = sum_{b,t} g[b,ch,t] u[b,h,t-lag]     dD = dk_ch[lag 0]
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { monarchConv } from '../monarch-conv/op.ts';
import { defineOp, type OpCase, requireShape, type Shape } from '../op.ts';
import { convolutionShape, isTwoSided, type Sides, sideNames } from './sides.ts';

export const forms = ['fused', 'unfused', 'three-pass'] as const;
/** A row of 256 KB: half of a small second-level cache. */
const onChipDefault = 32768;
/** Forms of this op. */
export type FftForm = (typeof forms)[number];
/** Forms of `fftConv`: `monarch` is an op of its own. */
export const convForms = [...forms, 'monarch'] as const;
export type ConvForm = (typeof convForms)[number];
export type FftConvAttrs = {
  sides: Sides;
  form: FftForm;
  /** Of the form three-pass: complex points (half the transform) of a row that fits the caches; default 32768. */
  onChip?: number;
};
export { isTwoSided, lagOf, type Sides } from './sides.ts';

interface CaseOptions {
  B?: number;
  C?: number;
  H?: number;
  Lk?: number;
  D?: boolean;
  sides?: Sides;
  form?: FftForm;
  onChip?: number;
}

function sample(L: number, o: CaseOptions = {}): OpCase<FftConvAttrs> {
  const { B = 2, C = 1, H = 3, sides = 'causal', form = 'fused', D = true } = o;
  const Lk = o.Lk ?? (sides === 'circular' ? 2 * L : L);
  return {
    name: `${form} ${sides} ${B}x${H}x${L}, ${Lk} taps, ${C} channels${D ? '' : ', no D'}`,
    shapes: [[B, H, L], [isTwoSided(sides) ? 2 * C : C, H, Lk], D ? [C, H] : null],
    attrs: { sides, form, ...(o.onChip ? { onChip: o.onChip } : {}) },
    ...(sides === 'causal' ? { causal: [2, 2] as [number, number] } : {}),
  };
}

const lengths = [1, 2, 3, 7, 16, 31, 64, 100, 127, 128, 257, 1000, 1024];
const allForms: OpCase<FftConvAttrs>[] = (['fused', 'unfused'] as const).flatMap((form) => [
  ...lengths.map((L) => sample(L, { form })),
  ...[1, 2, 7, 100, 509].flatMap((L) => sideNames.slice(1).map((sides) => sample(L, { form, sides, H: 2 }))),
  ...sideNames.map((sides) => sample(75, { form, sides, B: 3, C: 2 })),
  sample(61, { form, C: 3, D: false, B: 1 }),
  sample(130, { form, Lk: 1 }),
  sample(300, { form, Lk: 5 }),
  sample(300, { form, Lk: 40, sides: 'lag-1' }),
  sample(300, { form, Lk: 299, sides: 'double-zero', D: false }),
  sample(50, { form, Lk: 200, C: 2 }),
  sample(50, { form, Lk: 51, sides: 'lag-1' }),
  sample(3000, { form, H: 4, B: 1 }),
  sample(5000, { form, H: 4, B: 1, sides: 'lag-1', Lk: 1700 }),
  sample(4096, { form, H: 2, B: 3, sides: 'double-zero' }),
  sample(40000, { form, H: 4, B: 1 }),
]);

// Rows of 64 to 2048 points stand for those that fit: one, two or three steps in the pass over the whole row.
const threePass: OpCase<FftConvAttrs>[] = [
  ...[1, 100, 1000].map((L) => sample(L, { form: 'three-pass', onChip: 16 })),
  ...sideNames.map((sides) => sample(5000, { form: 'three-pass', sides, H: 2, C: 2, onChip: 64 })),
  ...sideNames.map((sides) => sample(9000, { form: 'three-pass', sides, H: 1, B: 3, D: false, onChip: 1024 })),
  sample(40000, { form: 'three-pass', H: 4, B: 1, onChip: 2048 }),
  sample(70000, { form: 'three-pass', H: 1, B: 1, D: false, Lk: 3000, sides: 'lag-1', onChip: 256 }),
];
const cases = [...allForms, ...threePass];

const fftConvOp = defineOp<FftConvAttrs>({
  id: 'fft-conv',
  inputs: [{ name: 'u' }, { name: 'k' }, { name: 'D', optional: true }],
  outputs: [{ name: 'y' }],
  infer([u, k, D], { sides, form, onChip = onChipDefault }) {
    const id = 'fft-conv';
    requireShape(onChip > 0, id, `onChip must be a number of points, at least 1, not ${onChip}`);
    requireShape(forms.includes(form), id, `form must be one of ${forms.join(', ')}, not ${form}`);
    const y = convolutionShape(id, [u, k, D], sides);
    return [y];
  },
  saves: () => ({ inputs: [0, 1, 2], outputs: [] }),
  /** sides, form: their positions in the lists; onChip */
  pack: ({ sides, form, onChip = onChipDefault }) => [sideNames.indexOf(sides), forms.indexOf(form), onChip],
  /** The usual count for transforms of n = L + Lk (2L at most) real points, 2.5 n log2 n each, whatever the form. */
  /** Fused: rows of one transform a thread. Unfused: the padded rows, spectra and products of all of them. */
  workspace([u, k], { sides, form }, pass, threads) {
    const [B, H, L] = u as Shape;
    const C = (k as Shape)[0] / (isTwoSided(sides) ? 2 : 1);
    const n = 2.5 * L + 64;
    const backward = pass === 'backward';
    const fused = Math.min(threads, B * H) * (backward ? 16 : 12) * n;
    return fused + (form !== 'unfused' ? 0 : 4 * H * n * (2 * C + (backward ? 1 : 0)) * (2 * Math.ceil(B / 2) + 1));
  },
  cost([u, k], { sides }) {
    const [B, H, L] = u as Shape;
    const [K, , Lk] = k as Shape;
    const C = isTwoSided(sides) ? K / 2 : K;
    const n = L + Math.min(Lk, L);
    const transform = 2.5 * n * Math.log2(n);
    const product = 6 * (n / 2 + 1);
    const rows = B * H;
    const kernel = 4 * K * H * Lk;
    return {
      forward: {
        flops: rows * ((1 + C) * transform + C * (product + 2 * L)) + C * H * transform,
        bytes: 4 * rows * L * (1 + C) + kernel,
      },
      backward: {
        flops: rows * ((2 + C) * transform + 2 * C * (product + n / 2 + 1)) + 2 * C * H * transform,
        bytes: 4 * rows * L * (2 + C) + 2 * kernel,
      },
    };
  },
  cases,
  tolerance: 2e-6,
});
export default fftConvOp;

export interface FftConvOptions {
  sides: Sides;
  /** Default `fused`. */
  form?: ConvForm;
  /** Of the form three-pass: see the attributes. */
  onChip?: number;
  /** Of the form monarch: default `monarchFactors`. */
  factors?: readonly number[];
}

/** y (B, C H, L); see the head of this file. */
export function fftConv(t: Tape, u: Tensor, k: Tensor, D: Tensor | null, options: FftConvOptions): Tensor {
  const { sides, form = 'fused', factors, onChip } = options;
  if (form === 'monarch') return monarchConv(t, u, k, D, { sides, factors });
  requireShape(!factors, 'fft-conv', `the form ${form} takes no factors: they belong to the form monarch`);
  return t.apply(fftConvOp, [u, k, D], onChip === undefined ? { sides, form } : { sides, form, onChip })[0];
}
