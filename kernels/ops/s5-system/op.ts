/**
 * The stored parameters of S5's state space, discretised and laid out for products of real matrices. With A = lambda,
 * delta = rescale exp(logStep) of each state:
 *
 *   zoh       Abar = exp(delta A),                     Bbar = (exp(delta A) - 1)/A B
 *   bilinear  Abar = (1 + delta A/2)/(1 - delta A/2),  Bbar = delta/(1 - delta A/2) B
 *
 *   lambdaRe, lambdaIm (S), logStep (S, 1), B (S, H, 2), C (H, S, 2) or, two-sided, (H, 2S, 2) or C and C2 of (H, S, 2)
 *   logRe, logIm (S)      log Abar, as `diagonal-scan` takes it
 *   input  (2S, H)        the rows Re Bbar, then Im Bbar: v = input u
 *   output (H, sides 2S)  per side the columns k Re C, then -k Im C: y = output x = k Re(C x), with k = 2 for conjugate
 *                         pairs of which one is stored (`conjugate`), or else 1
 *
 * `clip`: Re lambda is held at -1e-4 or below (no gradient where it is held). `rescale`: another sampling rate than the
 * one trained on. Smith, Warrington and Linderman 2022, arXiv 2208.04933, equations 3 and 4, appendix D.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type Fill, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export const discretisations = ['zoh', 'bilinear'] as const;
export type S5SystemAttrs = {
  disc: (typeof discretisations)[number];
  conjugate: boolean;
  clip: boolean;
  rescale: number;
  sides: 1 | 2;
};

const fills: (Fill | undefined)[] = [
  { kind: 'normal', scale: 0.3, shift: -0.6 },
  { kind: 'uniform', low: -60, high: 60 },
  { kind: 'uniform', low: -7, high: -2.3 },
];
const made = (
  name: string,
  [S, H]: [number, number],
  attrs: Partial<S5SystemAttrs> = {},
  joined = true,
): OpCase<S5SystemAttrs> => {
  const sides = attrs.sides ?? 1;
  return {
    name,
    shapes: [[S], [S], [S, 1], [S, H, 2], [H, joined ? sides * S : S, 2], joined || sides === 1 ? null : [H, S, 2]],
    attrs: { disc: 'zoh', conjugate: true, clip: false, rescale: 1, sides, ...attrs },
    fills,
  };
};
const cases = [
  made('1x1', [1, 1]),
  made('zoh 5x3', [5, 3]),
  made('bilinear 17x4', [17, 4], { disc: 'bilinear' }),
  made('no pairs, other rate', [6, 3], { conjugate: false, rescale: 2 }),
  made('two sides, joined', [4, 5], { sides: 2 }),
  made('two sides, apart', [7, 3], { sides: 2, disc: 'bilinear' }, false),
  // Two of the four real parts are beyond the limit, none near it.
  {
    ...made('clipped', [4, 3], { clip: true }),
    fills: [{ kind: 'values', values: [-0.5, 0.25, -2, 0.125] }, ...fills.slice(1)] as (Fill | undefined)[],
  },
  made('67x129', [67, 129], { rescale: 0.5 }),
];

const s5SystemOp = defineOp<S5SystemAttrs>({
  id: 's5-system',
  inputs: [
    { name: 'lambdaRe' },
    { name: 'lambdaIm' },
    { name: 'logStep' },
    { name: 'B' },
    { name: 'C' },
    { name: 'C2', optional: true },
  ],
  outputs: [{ name: 'logRe' }, { name: 'logIm' }, { name: 'input' }, { name: 'output' }],
  infer([re, im, step, B, C, C2], { disc, sides, rescale }) {
    const id = 's5-system';
    requireShape(B?.length === 3 && B[2] === 2, id, `B must be (S, H, 2), not ${showShape(B ?? null)}`);
    const [S, H] = B as number[];
    requireShape(S > 0 && H > 0, id, `B ${showShape(B)} is empty`);
    for (const [name, x] of [['lambdaRe', re] as const, ['lambdaIm', im] as const])
      requireShape(x?.length === 1 && x[0] === S, id, `${name} must be (${S}), not ${showShape(x ?? null)}`);
    requireShape(
      step?.length === 2 && step[0] === S && step[1] === 1,
      id,
      `logStep must be (${S}, 1), not ${showShape(step ?? null)}`,
    );
    requireShape(sides === 1 || sides === 2, id, `sides is ${sides}: choose 1 or 2`);
    requireShape(!C2 || sides === 2, id, 'C2 is for the backward states: give it with two sides only');
    const columns = C2 ? S : sides * S;
    for (const [name, x] of [['C', C] as const, ['C2', C2 ?? C] as const])
      requireShape(
        x?.length === 3 && x[0] === H && x[1] === columns && x[2] === 2,
        id,
        `${name} must be (${H}, ${columns}, 2), not ${showShape(x ?? null)}`,
      );
    requireShape(discretisations.includes(disc), id, `disc is "${disc}": choose ${discretisations.join(', ')}`);
    requireShape(rescale > 0 && Number.isFinite(rescale), id, `rescale must be a positive number, not ${rescale}`);
    return [[S], [S], [2 * S, H], [H, sides * 2 * S]];
  },
  saves: () => ({ inputs: [0, 1, 2, 3], outputs: [] }),
  /** discretisation index, pairs, clip, rescale, sides */
  pack: ({ disc, conjugate, clip, rescale, sides }) => [
    discretisations.indexOf(disc),
    conjugate ? 1 : 0,
    clip ? 1 : 0,
    rescale,
    sides,
  ],
  cost([, , , B], { sides }) {
    const n = sizeOf(B as Shape);
    const bytes = 8 * n * (1 + sides);
    return { forward: { flops: n * (3 + sides), bytes }, backward: { flops: n * (7 + sides), bytes: bytes + 4 * n } };
  },
  cases,
  // exp, sin and cos of the float32 parameters in float64: their rounding alone.
  tolerance: 1e-6,
});
export default s5SystemOp;

export interface S5Parameters {
  lambdaRe: Tensor;
  lambdaIm: Tensor;
  logStep: Tensor;
  B: Tensor;
  C: Tensor;
  /** The backward states' C where it is stored apart. */
  C2?: Tensor | null;
}

export interface S5System {
  logRe: Tensor;
  logIm: Tensor;
  input: Tensor;
  output: Tensor;
}

export function s5System(t: Tape, p: S5Parameters, attrs: S5SystemAttrs): S5System {
  const inputs = [p.lambdaRe, p.lambdaIm, p.logStep, p.B, p.C, p.C2 ?? null];
  const [logRe, logIm, input, output] = t.apply(s5SystemOp, inputs, attrs);
  return { logRe, logIm, input, output };
}
