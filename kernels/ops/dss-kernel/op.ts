/**
 * The convolution kernel of a diagonal state space whose N complex modes are shared by all channels: DSS, GSS, BiGS.
 *
 *   K[c,h,l] = Re sum_n W[c,h,n] f[h,n] exp(x[h,n] l)            l = 0..L-1, no conjugate modes, no factor 2
 *   lambda_n = re'_n + i im'_n,   x[h,n] = e^{logStep[h,0]} re'_n + i e^{logStep[h,1]} im'_n
 *
 *   parameters   re' = -e^re ('negative-exp') or min(re, ceiling) ('plain');   im' = e^im ('exp') or im ('plain')
 *   step         logStep (H, 2): one for each part of lambda; (H, 1) or (H): one for both; none: step 1
 *   scaling      none      f = 1
 *                zoh       f = (e^x - 1) conj(lambda) / max(|lambda|^2, epsilon): zero-order hold of an input vector 1
 *                softmax   f = (e^x - 1) r((e^{xS} - 1) lambda),  r(y) = conj(y)/(|y|^2 + epsilon): each mode's row
 *                          exp(x l), l < S, divided by its sum; S = span >= L, the taps after L being left out. Where
 *                          re' > 0, with -x for x in f, and exp(x (l - (S-1))) for exp(x l): the largest power is 1.
 *                          That subtraction is a constant to the gradient.
 *
 * DSS: Gupta, Gu and Berant 2022, arXiv 2203.14343, proposition 1 and appendix A.2. Its code has `softmax`, `zoh` ("exp")
 * and `none` ("exp-no-scale"). GSS (Mehta et al. 2022, arXiv 2206.13947) has zoh without a step; BiGS (Wang et al. 2022,
 * arXiv 2212.10544) one row for all channels, H = 1.
 *
 * Operands: logStep as above, re and im (N), W (C, H, N, 2) of (re, im) pairs. Output K (C, H, L).
 *
 * Backward, with s = sum_l g_l e^{xl}, q = sum_l l g_l e^{xl} (the shifted powers where they are):
 *   G_W = conj(f s)    G_f = sum_c conj(W s)    G_x = sum_c conj(W f q) + conj(df/dx) G_f ...  down to the stored parameters
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type Fill, type OpCase, requireShape, type Shape, showShape } from '../op.ts';

export const scalings = ['none', 'zoh', 'softmax'] as const;
export const realForms = ['negative-exp', 'plain'] as const;
export const imagForms = ['plain', 'exp'] as const;
export type DssAttrs = {
  length: number;
  scaling: (typeof scalings)[number];
  real: (typeof realForms)[number];
  imag: (typeof imagForms)[number];
  /** Steps S that `softmax` normalises over; null: length. */
  span: number | null;
  /** Largest real part of lambda, for `plain`; null: none. */
  ceiling: number | null;
  epsilon: number;
};

/** The options that make a version of DSS. */
export type DssForm = Omit<DssAttrs, 'length' | 'span'>;

/** Steps that the softmax normalises over. */
export const spanOf = ({ length, span }: DssAttrs): number => span ?? length;

/** How many steps each channel has: 0 (they are 1), 1 or 2. */
export const stepsOf = (logStep: Shape | null): number => (logStep ? (logStep[1] ?? 1) : 0);

/** The forms that the papers have, and mixtures of them. */
const forms: [name: string, steps: number, attrs: DssForm][] = [
  ['softmax', 2, { scaling: 'softmax', real: 'plain', imag: 'plain', ceiling: null, epsilon: 1e-7 }],
  ['softmax, one step', 1, { scaling: 'softmax', real: 'plain', imag: 'plain', ceiling: null, epsilon: 1e-7 }],
  ['exp', 2, { scaling: 'zoh', real: 'negative-exp', imag: 'plain', ceiling: null, epsilon: 1e-7 }],
  ['exp-re-im', 1, { scaling: 'zoh', real: 'negative-exp', imag: 'exp', ceiling: null, epsilon: 1e-7 }],
  ['exp-no-scale', 2, { scaling: 'none', real: 'negative-exp', imag: 'plain', ceiling: null, epsilon: 1e-7 }],
  ['clip', 1, { scaling: 'zoh', real: 'plain', imag: 'plain', ceiling: -0.3, epsilon: 1e-7 }],
  ['gss', 0, { scaling: 'zoh', real: 'negative-exp', imag: 'exp', ceiling: null, epsilon: 1e-300 }],
];

/** Fills in the range of real models: steps of 1e-3 to 0.1, Re lambda near -1/2 (softmax: of both signs), Im up to `span`. */
function fills(steps: number, { real, imag }: DssForm, span: number): (Fill | undefined)[] {
  return [
    { kind: 'uniform', low: -7, high: -2.3 },
    real === 'plain' ? { kind: 'normal', scale: 1 } : { kind: 'normal', scale: 0.3, shift: steps ? -0.7 : -3 },
    imag === 'exp' ? { kind: 'normal', scale: 0.5 } : { kind: 'uniform', low: -span, high: span },
    undefined,
  ];
}

function sample(
  [name, steps, attrs]: (typeof forms)[number],
  [C, H, N, length]: [number, number, number, number],
): OpCase<DssAttrs> {
  return {
    name: `${name} L${length} ${C}x${H} of ${N} modes`,
    shapes: [steps ? [H, steps] : null, [N], [N], [C, H, N, 2]],
    attrs: { ...attrs, length, span: null },
    fills: fills(steps, attrs, 20),
    // The shift of growing modes depends on the parameters, and the gradient leaves that out.
    ...(attrs.scaling === 'softmax' ? { notDerivative: 'the subtracted exponent is a constant to the gradient' } : {}),
  };
}

const cases: OpCase<DssAttrs>[] = forms.flatMap((form) => [
  sample(form, [1, 2, 3, 1]),
  sample(form, [1, 3, 1, 7]),
  sample(form, [2, 3, 5, 101]),
  sample(form, [1, 3, 64, 1000]),
  sample(form, [3, 7, 17, 4096]),
]);
cases.push(
  { ...sample(forms[6], [1, 37, 33, 509]), name: 'many rows of the same modes' },
  { ...sample(forms[1], [1, 1, 9, 1021]), shapes: [[1], [9], [9], [1, 1, 9, 2]], name: 'one row, logStep of rank 1' },
  {
    ...sample(forms[0], [2, 2, 6, 83]),
    name: 'softmax, decaying modes only',
    fills: [undefined, { kind: 'uniform', low: -2, high: -0.1 }],
    notDerivative: undefined,
  },
  {
    ...sample(forms[0], [2, 2, 7, 90]),
    name: 'softmax over more steps than there are taps',
    attrs: { ...forms[0][2], length: 90, span: 131 },
  },
  {
    ...sample(forms[0], [1, 2, 5, 300]),
    name: 'softmax, growing modes only',
    fills: [
      { kind: 'uniform', low: -4, high: -1 },
      { kind: 'uniform', low: 0.1, high: 3 },
    ],
  },
  ...[1, 2].map((steps) => ({
    ...sample(forms[2], [1, 2, 4, 50]),
    name: `zoh of modes near zero, ${steps} steps`,
    attrs: { ...forms[2][2], length: 50, span: null, epsilon: 1e-4 },
    shapes: [[2, steps], [4], [4], [1, 2, 4, 2]],
    fills: [
      undefined,
      { kind: 'values', values: [-20, -9, -30, -1] },
      { kind: 'values', values: [0, 0.05, 2, 3] },
    ] as Fill[],
  })),
);

const id = 'dss-kernel';
const dssKernelOp = defineOp<DssAttrs>({
  id,
  inputs: [{ name: 'logStep', optional: true }, { name: 're' }, { name: 'im' }, { name: 'W' }],
  outputs: [{ name: 'K' }],
  infer([logStep, re, im, W], { length, span, scaling, real, imag, ceiling, epsilon }) {
    requireShape(W?.length === 4 && W[3] === 2, id, `W must be (C, H, N, 2), not ${showShape(W)}`);
    const [C, H, N] = W;
    for (const [name, s] of [
      ['re', re],
      ['im', im],
    ] as const)
      requireShape(s?.length === 1 && s[0] === N, id, `${name} must be (${N}), not ${showShape(s)}`);
    requireShape(
      !logStep || (logStep[0] === H && logStep.length <= 2 && [1, 2].includes(stepsOf(logStep))),
      id,
      `logStep must be (${H}), (${H}, 1) or (${H}, 2), not ${showShape(logStep)}`,
    );
    requireShape(Number.isInteger(length) && length > 0, id, `length must be a positive integer, not ${length}`);
    requireShape(span === null || span >= length, id, `span must be at least the length ${length}, not ${span}`);
    requireShape(scalings.includes(scaling), id, `scaling is "${scaling}": choose ${scalings.join(', ')}`);
    requireShape(realForms.includes(real), id, `real is "${real}": choose ${realForms.join(', ')}`);
    requireShape(imagForms.includes(imag), id, `imag is "${imag}": choose ${imagForms.join(', ')}`);
    requireShape(epsilon > 0, id, `epsilon must be positive, not ${epsilon}`);
    requireShape(
      real === 'negative-exp' || scaling === 'softmax' || (ceiling !== null && ceiling <= 1e-3),
      id,
      `scaling ${scaling} of plain real parts needs a ceiling of at most 0.001: growing modes overflow`,
    );
    return [[C, H, length]];
  },
  saves: () => ({ inputs: [0, 1, 2, 3], outputs: [] }),
  /** length, scaling, real, imag (positions in the lists above), ceiling (infinite: none), epsilon, span */
  pack: ({ length, span, scaling, real, imag, ceiling, epsilon }) => [
    length,
    scalings.indexOf(scaling),
    realForms.indexOf(real),
    imagForms.indexOf(imag),
    ceiling ?? Number.POSITIVE_INFINITY,
    epsilon,
    span ?? length,
  ],
  cost([, , , W], { length }) {
    const [C, H, N] = W as Shape;
    const terms = C * H * N * length;
    const bytes = 4 * C * H * length;
    return { forward: { flops: 4 * terms, bytes }, backward: { flops: 8 * terms, bytes } };
  },
  /** Backward: four sums of float64 for each row, span of 32768 taps and mode. */
  workspace([, , , W], { length }, pass, threads) {
    const [C, H, N] = W as Shape;
    const modes = 16 * Math.ceil(N / 16);
    const panels = threads * 4 * (4 * modes * 256 + 4 * modes * 24 + 40 * modes);
    return panels + (pass === 'backward' ? 32 * C * H * modes * Math.ceil(length / 32768) + 16 * H * N : 0);
  },
  cases,
  // Rounding of the two factors of each power and of the sum over modes.
  tolerance: 4e-6,
});
export default dssKernelOp;

export interface DssParameters {
  /** Null: every step is 1. */
  logStep: Tensor | null;
  re: Tensor;
  im: Tensor;
  W: Tensor;
}

/** K (C, H, length); see the head of this file. */
export const dssKernel = (t: Tape, p: DssParameters, attrs: DssAttrs): Tensor =>
  t.apply(dssKernelOp, [p.logStep, p.re, p.im, p.W], attrs)[0];
