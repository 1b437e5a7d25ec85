/**
 * The start of S5 (Smith, Warrington and Linderman 2022, arXiv 2208.04933, section 4.3): the state matrix is block
 * diagonal, J blocks of the normal part of HiPPO-LegS of order P/J, A = V diag(lambda) V^H, and the system is written in
 * the eigenbasis: B = V^H B0, C = C0 V for B0 (P, H), C0 (H, P) of the whole state.
 *
 * With conjugate symmetry only the P/2 modes of negative imaginary part are kept (of each block), and the factor 2 stands
 * for the others. The phases of V's columns, which are free, are chosen as in `legs.ts`; the public code takes LAPACK's.
 */
import { legs } from '../../kernels/numerics/hippo.ts';
import { skewEigen } from '../../kernels/numerics/skew-eigen.ts';

export interface BlockStart {
  /** Modes kept, P' = P/2 or P, and P. */
  modes: number;
  order: number;
  lambdaRe: Float64Array;
  lambdaIm: Float64Array;
  /** V^H x for a real x (P, columns): (P', columns) as (re, im) pairs. */
  into(x: ArrayLike<number>, columns: number): Float64Array;
  /** c V for complex rows c (rows, P) of (re, im) pairs: (rows, P') pairs. */
  outOf(c: ArrayLike<number>, rows: number): Float64Array;
}

/** All modes of LegS's normal part of any order, ascending frequency; the phases make V^H P real and positive. */
function legsModes(N: number): { frequency: Float64Array; V: Float64Array } {
  const { P } = legs(N);
  const S = Float64Array.from({ length: N * N }, (_, i) =>
    i % N < Math.floor(i / N) ? -P[Math.floor(i / N)] * P[i % N] : 0,
  );
  const { w, re, im } = skewEigen(S, N);
  const V = new Float64Array(2 * N * N);
  for (let n = 0; n < N; n++) {
    let [a, b] = [0, 0];
    for (let j = 0; j < N; j++) {
      a += re[j * N + n] * P[j];
      b -= im[j * N + n] * P[j];
    }
    const size = Math.hypot(a, b);
    for (let j = 0; j < N; j++) {
      const at = j * N + n;
      V[2 * at] = (re[at] * a - im[at] * b) / size;
      V[2 * at + 1] = (re[at] * b + im[at] * a) / size;
    }
  }
  return { frequency: w, V };
}

/** P states in J blocks. Throws when the blocks do not come out even. */
export function blockStart(P: number, J: number, conjugate: boolean): BlockStart {
  const size = P / J;
  if (!(Number.isInteger(J) && J >= 1 && Number.isInteger(size) && size >= 1))
    throw new RangeError(`${P} states do not divide into ${J} blocks: choose other states or blocks`);
  if (conjugate && size % 2 !== 0)
    throw new RangeError(`blocks of ${size} states have no conjugate pairs: choose states or blocks for an even size`);
  const { frequency, V } = legsModes(size);
  const kept = conjugate ? size / 2 : size;
  const modes = J * kept;
  const lambdaIm = Float64Array.from({ length: modes }, (_, i) => frequency[i % kept]);
  const eachEntry = (visit: (mode: number, j: number, re: number, im: number) => void) => {
    for (let block = 0; block < J; block++)
      for (let m = 0; m < kept; m++)
        for (let j = 0; j < size; j++) {
          const at = 2 * (j * size + m);
          visit(block * kept + m, block * size + j, V[at], V[at + 1]);
        }
  };
  return {
    modes,
    order: P,
    lambdaRe: new Float64Array(modes).fill(-0.5),
    lambdaIm,
    into(x, columns) {
      const out = new Float64Array(2 * modes * columns);
      eachEntry((mode, j, re, im) => {
        for (let h = 0; h < columns; h++) {
          out[2 * (mode * columns + h)] += re * x[j * columns + h];
          out[2 * (mode * columns + h) + 1] -= im * x[j * columns + h];
        }
      });
      return out;
    },
    outOf(c, rows) {
      const out = new Float64Array(2 * rows * modes);
      eachEntry((mode, j, re, im) => {
        for (let h = 0; h < rows; h++) {
          const [a, b] = [c[2 * (h * P + j)], c[2 * (h * P + j) + 1]];
          out[2 * (h * modes + mode)] += a * re - b * im;
          out[2 * (h * modes + mode) + 1] += a * im + b * re;
        }
      });
      return out;
    },
  };
}
