/**
 * Where S4 starts: a diagonal plus low-rank state matrix with real B = P scaled, and the fold of C that belongs to it.
 *
 *   legs      HiPPO-LegS, `legs.ts`; B = sqrt 2 P
 *   fourier   the Fourier basis, A = S - P P^T with S coupling the pairs (2j, 2j+1) at the rate pi j, B = P
 */
import { fourierNormalForm, storedModes } from '../../kernels/numerics/hippo.ts';
import { refoldAll } from '../../kernels/numerics/s4-fold.ts';
import { foldLegs } from './fold.ts';
import { asPairs, type Diagonal, diagonal } from './initial.ts';
import { legsStart } from './legs.ts';

export type DplrKind = 'legs' | 'fourier';

export interface Dplr extends Diagonal {
  P: Float64Array;
  /** Folds C (channels, H, N/2) of complex pairs in place with L steps; `logSteps` (H). */
  fold(C: Float64Array, logSteps: Float64Array, L: number): void;
}

export function dplr(kind: DplrKind, N: number): Dplr {
  if (kind === 'legs') {
    const start = legsStart(N);
    return {
      ...diagonal('legs', N),
      P: start.P,
      fold: (C, logSteps, L) => foldLegs(C, logSteps.map(Math.exp), start, L),
    };
  }
  const { lambda, P: low } = fourierNormalForm(N);
  const modes = storedModes(lambda);
  const P = Float64Array.from(low, ({ re }) => re);
  return {
    ...modes,
    B: P,
    P,
    fold(C, logSteps, L) {
      const stored = { H: logSteps.length, S: 1, M: N / 2, rank: 1, invDt: logSteps, ...modes, P: asPairs(P) };
      C.set(refoldAll(stored, C, L, 'fold'));
    },
  };
}
