/**
 * HiPPO-LegS as the start of a state space layer: A = V (diag(-1/2 - i frequency) - P P^H) V^H, the half of the modes
 * with negative imaginary part (`kernels/numerics/hippo.ts`), B = sqrt 2 P.
 *
 * A column of V is free up to a unit phase. We choose the phase that makes P, and so B, real and positive. The public
 * code takes what LAPACK returns and clips Im B to [-2, 2], so that its start depends on the LAPACK build; with these
 * phases there is nothing to clip. C is drawn from a distribution that no phase changes.
 */
import { legsNormalForm } from '../../kernels/numerics/hippo.ts';

export interface Legs {
  /** Modes kept, N/2. */
  modes: number;
  /** Descending. */
  frequency: Float64Array;
  /** Real and positive. */
  P: Float64Array;
  /** The kept columns of V: V[j, n] as (re, im) at 2 (j N/2 + n), j < N. */
  V: Float64Array;
}

const known = new Map<number, Legs>();

/** The start of order N (even). */
export function legsStart(N: number): Legs {
  let start = known.get(N);
  if (!start) known.set(N, (start = make(N)));
  return start;
}

function make(N: number): Legs {
  const { lambda, P, V } = legsNormalForm(N);
  const M = N / 2;
  const size = Float64Array.from(P, ({ re, im }) => Math.hypot(re, im));
  const turned = new Float64Array(2 * N * M);
  for (let j = 0; j < N; j++)
    for (let n = 0; n < M; n++) {
      const at = j * M + n;
      const [c, s] = [P[n].re / size[n], P[n].im / size[n]];
      turned[2 * at] = V.re[at] * c - V.im[at] * s;
      turned[2 * at + 1] = V.re[at] * s + V.im[at] * c;
    }
  return { modes: M, frequency: Float64Array.from(lambda, ({ im }) => -im), P: size, V: turned };
}
