/** S4D's stored parameters as discrete modes: c = 2 C B f of each (without the factor 2 for `dss`). */
import {
  type Complex,
  complex,
  conj,
  exp,
  expm1,
  mul,
  pair,
  scale,
  setPair,
  square,
} from '../../kernels/numerics/complex.ts';
import type { Discretisation, S4dParameters } from '../../kernels/ops/s4d-kernel/op.ts';
import { type DiscreteMode, discretise } from './discretise.ts';
import type { Modes } from './recurrence.ts';

/** The discrete modes of stored parameters; the row-normalised discretisation `dss` is that of `length` steps. */
export async function s4dModes(p: S4dParameters, disc: Discretisation, length: number): Promise<Modes> {
  const [channels, H, N] = p.C.shape;
  const S = p.aReal.shape[0];
  const [invDt, aReal, aImag, B, C] = await Promise.all([p.invDt, p.aReal, p.aImag, p.B, p.C].map((x) => x.read()));
  const a = new Float64Array(2 * H * N);
  const c = new Float64Array(2 * channels * H * N);
  for (let h = 0; h < H; h++)
    for (let n = 0; n < N; n++) {
      const s = (h % S) * N + n;
      const A = complex(-Math.exp(aReal[s]), -aImag[s]);
      const dt = Math.exp(invDt[h]);
      const mode = disc === 'dss' ? rowNormalised(A, dt, length) : discretise(disc, A, dt);
      setPair(a, h * N + n, mode.a);
      const input = scale(mul(pair(B, s), mode.f), disc === 'dss' ? 1 : 2);
      for (let k = 0; k < channels; k++) {
        const at = (k * H + h) * N + n;
        setPair(c, at, mul(pair(C, at), input));
      }
    }
  return { width: H, modes: N, channels, a, c };
}

/** The discrete input vectors bbar = B f, (H, N) pairs. */
export async function inputVectors(p: S4dParameters, disc: 'zoh' | 'bilinear'): Promise<Float64Array> {
  const [, H, N] = p.C.shape;
  const S = p.aReal.shape[0];
  const [invDt, aReal, aImag, B] = await Promise.all([p.invDt, p.aReal, p.aImag, p.B].map((x) => x.read()));
  const b = new Float64Array(2 * H * N);
  for (let h = 0; h < H; h++)
    for (let n = 0; n < N; n++) {
      const s = (h % S) * N + n;
      const { f } = discretise(disc, complex(-Math.exp(aReal[s]), -aImag[s]), Math.exp(invDt[h]));
      setPair(b, h * N + n, mul(pair(B, s), f));
    }
  return b;
}

/** Abar = e^x, f = (e^x - 1) r((e^(x L) - 1) A) with r(y) = conj(y)/(|y|^2 + 1e-7), x = dt A. */
function rowNormalised(A: Complex, dt: number, L: number): DiscreteMode {
  const x = scale(A, dt);
  const y = mul(expm1(scale(x, L)), A);
  return { a: exp(x), f: mul(expm1(x), scale(conj(y), 1 / (square(y) + 1e-7))) };
}
