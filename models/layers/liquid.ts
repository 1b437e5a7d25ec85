/**
 * Liquid-S4's sequence maps, as functions of S4D's stored parameters; with abar and bbar = B f of the discrete modes,
 * u^(p)_t = u_t u_{t-1} .. u_{t-p+1} (zero before the start) and all products mode by mode:
 *
 *   exact  x_t = (abar + bbar u_t) x_{t-1} + bbar u_t,   y_t = 2 Re sum_n C_n x_t[n] + D u_t
 *   kb     y = sum_{p=1..P} K_p * u^(p) + D u,           K_p[l] = 2 Re sum_n C_n bbar_n^p abar_n^l
 *   pb     y = K_1 * u + sum_{p=2..P} c_p u^(p) + D u,   c_p = 2 Re sum_n C_n bbar_n^p
 *
 * `kb` is what is left of the exact recurrence's expansion when only products of consecutive inputs are kept, up to
 * degree P; on two steps, P = 2 is exact. `pb` keeps their lag 0 only.
 */
import { mul, pair, setPair } from '../../kernels/numerics/complex.ts';
import { add } from '../../kernels/ops/binary/op.ts';
import { concat } from '../../kernels/ops/concat/op.ts';
import { type ConvForm, fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { laggedPolynomial, laggedProduct } from '../../kernels/ops/lagged-polynomial/op.ts';
import { liquidScan } from '../../kernels/ops/liquid-scan/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { type S4dParameters, s4dKernel } from '../../kernels/ops/s4d-kernel/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { Recurrence } from '../mixer.ts';
import { type Modes, stateSpaceRecurrence } from '../state-space/recurrence.ts';
import { inputVectors, s4dModes } from '../state-space/s4d-modes.ts';

export const forms = ['exact', 'kb', 'pb'] as const;

export interface LiquidOptions {
  disc: 'zoh' | 'bilinear';
  /** P of `kb` and `pb`. */
  degree: number;
}

/** The exact recurrence on u (B, L, H), D (1, H). */
export const liquidExact = (t: Tape, u: Tensor, p: S4dParameters, D: Tensor, { disc }: LiquidOptions): Tensor =>
  t.scope(() => liquidScan(t, u, p, t.reshape(D, [u.shape[2]]), { disc }).y);

/** `kb` or `pb` on u (B, H, L), D (1, H). */
export function liquidConvolution(
  t: Tape,
  u: Tensor,
  p: S4dParameters,
  D: Tensor,
  { which, disc, degree, form }: LiquidOptions & { which: 'kb' | 'pb'; form: ConvForm },
): Tensor {
  const length = u.shape[2];
  const options = { sides: 'causal', form } as const;
  return t.scope(() => {
    if (which === 'pb' || degree === 1) {
      const y = fftConv(t, u, s4dKernel(t, p, { length, disc }), D, options);
      return degree === 1 ? y : laggedPolynomial(t, u, lagZero(t, p, { disc, degree }), y);
    }
    const K = s4dKernel(t, p, { length, disc, degree });
    const kernel = (q: number) => slice(t, K, { axis: 0, start: q - 1, length: 1 });
    let y = fftConv(t, u, kernel(1), D, options);
    for (let q = 2; q <= degree; q++)
      y = t.scope(() => add(t, y, fftConv(t, laggedProduct(t, u, q), kernel(q), null, options)));
    return y;
  });
}

/** c_2 .. c_P, (P-1, H). */
function lagZero(t: Tape, p: S4dParameters, { disc, degree }: LiquidOptions): Tensor {
  return t.scope(() => {
    const all = s4dKernel(t, p, { length: 1, disc, degree });
    const H = all.shape[1];
    return t.reshape(slice(t, all, { axis: 0, start: 1, length: degree - 1 }), [degree - 1, H]);
  });
}

/** The exact recurrence, stretch by stretch. */
export function exactRecurrence(home: Tape, p: S4dParameters, D: Tensor, { disc }: LiquidOptions): Recurrence {
  const [, H, M] = p.C.shape;
  return {
    start: (batch) => [home.tensor(new Float64Array(batch * M * 2 * H), [batch, M, 2, H])],
    advance(t, x, [before]) {
      const [y, after] = t.scope(() => {
        const next = liquidScan(t, x, p, t.reshape(D, [H]), { disc }, before);
        return [next.y, next.state];
      });
      return { y, state: [after] };
    },
  };
}

/** `kb` or `pb` by state spaces, one for each degree that has a kernel; the state begins with the last P-1 inputs. */
export async function truncatedRecurrence(
  home: Tape,
  p: S4dParameters,
  D: Tensor,
  { which, disc, degree }: LiquidOptions & { which: 'kb' | 'pb' },
): Promise<Recurrence> {
  const H = p.C.shape[1];
  const first = await s4dModes(p, disc, 1);
  const degrees = which === 'kb' ? powers(first, await inputVectors(p, disc), degree) : [first];
  const spaces = degrees.map((modes, i) => stateSpaceRecurrence(home, modes, i === 0 ? D : null));
  if (degree === 1) return spaces[0];
  const c = which === 'pb' ? lagZero(home, p, { disc, degree }) : null;
  const past = degree - 1;
  return {
    start: (batch) => [
      home.tensor(new Float64Array(batch * past * H), [batch, past, H]),
      ...spaces.flatMap((s) => s.start(batch)),
    ],
    advance(t, x, [before, ...states]) {
      const M = x.shape[1];
      const [y, ...state] = t.scope(() => {
        const all = concat(t, [before, x], 1);
        const channels = permute(t, all, [0, 2, 1]);
        const now = (w: Tensor) => permute(t, slice(t, w, { axis: 2, start: past, length: M }), [0, 2, 1]);
        const moved = spaces.map((s, i) =>
          s.advance(t, i === 0 ? x : now(laggedProduct(t, channels, i + 1)), [states[i]]),
        );
        const terms = moved.map(({ y }) => y);
        if (c) terms.push(now(laggedPolynomial(t, channels, c)));
        return [
          terms.reduce((a, b) => add(t, a, b)),
          slice(t, all, { axis: 1, start: M, length: past }),
          ...moved.flatMap((s) => s.state),
        ];
      });
      return { y, state };
    },
  };
}

/** The modes of K_1 .. K_P: each degree has one more factor bbar in c. */
function powers(first: Modes, b: Float64Array, degree: number): Modes[] {
  const all = [first];
  for (let p = 2; p <= degree; p++) {
    const { c } = all[p - 2];
    const next = new Float64Array(c.length);
    for (let i = 0; i < b.length / 2; i++) setPair(next, i, mul(pair(c, i), pair(b, i)));
    all.push({ ...first, c: next });
  }
  return all;
}
