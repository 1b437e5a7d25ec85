/**
 * S4's state space in float64: the fold C~ = C (I - Abar^L) that its kernel is trained with, its inverse for the
 * recurrence, and the kernel by plain recurrence (Gu, Goel & Re 2021, arXiv 2111.00396, appendix C.3).
 *
 * States are held as real pairs (Re x, Im x) of the stored half of the modes: with P and C completed by their
 * conjugates, P^H x = 2 Re(P^H x_half) and C x = 2 Re(C x_half), so one step is a real matrix of size N, not a complex
 * one of size N, and Abar^L costs log2(L) real products. Abar is a contraction: rounding does not grow with L.
 */
import { type Complex, complex, pair } from './complex.ts';
import { RealMatrix } from './real-matrix.ts';

/** One feature: x' = (diag(lambda) - sum_r P_r P_r^H) x + B u with step delta. */
export interface StateSpace {
  delta: number;
  lambda: readonly Complex[];
  /** R rows of N/2 values. */
  P: readonly (readonly Complex[])[];
}

/** The bilinear step: E = Abar - I, and Bbar as a map of B. */
export interface Step {
  E: RealMatrix;
  input(B: readonly Complex[]): Float64Array;
}

const toReal = (x: readonly Complex[]): Float64Array =>
  Float64Array.from([...x.map(({ re }) => re), ...x.map(({ im }) => im)]);

/** The functional x -> 2 Re(C x) as a row, and back. */
const rowOf = (C: readonly Complex[]): Float64Array =>
  Float64Array.from([...C.map(({ re }) => 2 * re), ...C.map(({ im }) => -2 * im)]);
const fromRow = (row: Float64Array): Complex[] =>
  Array.from({ length: row.length / 2 }, (_, n) => complex(row[n] / 2, -row[n + row.length / 2] / 2));

/** E = (2/delta - A)^{-1} 2 A,  Bbar = (2/delta - A)^{-1} 2 B. */
function bilinearStep({ delta, lambda, P }: StateSpace): Step {
  const M = lambda.length;
  const N = 2 * M;
  const minus = new RealMatrix(N);
  const twice = new RealMatrix(N);
  const put = (i: number, j: number, a: number) => {
    twice.data[i * N + j] += 2 * a;
    minus.data[i * N + j] -= a;
  };
  lambda.forEach(({ re, im }, n) => {
    put(n, n, re);
    put(n + M, n + M, re);
    put(n, n + M, -im);
    put(n + M, n, im);
  });
  for (const low of P) {
    const p = toReal(low);
    for (let i = 0; i < N; i++) for (let j = 0; j < N; j++) put(i, j, -2 * p[i] * p[j]);
  }
  for (let i = 0; i < N; i++) minus.data[i * N + i] += 2 / delta;
  return {
    E: new RealMatrix(N, minus.solve(twice.data, N)),
    input: (B) =>
      minus.solve(
        toReal(B).map((x) => 2 * x),
        1,
      ),
  };
}

/**
 * (I + E)^exponent - I by repeated squaring, (I + E)(I + F) = I + (E + F + E F): for small steps E is small, and what
 * rounding leaves beside I would be multiplied by the exponent.
 */
function powerLessOne(E: RealMatrix, exponent: number): RealMatrix {
  const both = (a: RealMatrix, b: RealMatrix) => {
    const c = a.times(b);
    for (let i = 0; i < c.data.length; i++) c.data[i] += a.data[i] + b.data[i];
    return c;
  };
  let result: RealMatrix | null = null;
  let square = E;
  for (let e = exponent; e > 0; e = Math.floor(e / 2)) {
    if (e % 2) result = result ? both(result, square) : square;
    if (e > 1) square = both(square, square);
  }
  return result ?? new RealMatrix(E.n);
}

/** I - Abar^L (sign -1) or I + Abar^L (sign 1). */
function folding(space: StateSpace, L: number, sign: 1 | -1): RealMatrix {
  const a = powerLessOne(bilinearStep(space).E, L);
  if (sign < 0) for (let i = 0; i < a.data.length; i++) a.data[i] = -a.data[i];
  else for (let i = 0; i < a.n; i++) a.data[i * a.n + i] += 2;
  return a;
}

const foldings = ['fold', 'unfold', 'extend'] as const;
/**
 * fold    C -> C (I - Abar^L)
 * unfold  C~ -> C~ (I - Abar^L)^{-1}; throws where that matrix is all but singular
 * extend  C~ folded with L -> C~ (I + Abar^L), folded with 2L
 */
export type Folding = (typeof foldings)[number];

/** Transforms rows C of one feature. */
export function refold(space: StateSpace, C: readonly (readonly Complex[])[], L: number, how: Folding): Complex[][] {
  const matrix = folding(space, L, how === 'extend' ? 1 : -1);
  if (how !== 'unfold') return C.map((row) => fromRow(matrix.applyLeft(rowOf(row))));
  const inverse = new RealMatrix(matrix.n, matrix.solve(RealMatrix.identity(matrix.n).data, matrix.n));
  // A mode that is back where it was leaves next to nothing, and of that only rounding: not scaled by the norm below 1.
  const condition = Math.max(1, matrix.norm()) * inverse.norm();
  if (!(condition < worstCondition))
    throw new RangeError(
      `I - Abar^${L} has the condition number ${condition.toExponential(1)}: at the step ${space.delta.toExponential(1)} a mode ` +
        'returns to itself after that many steps, so the folded C does not determine C and there is no recurrent form; ' +
        'fold with another length',
    );
  return C.map((row) => fromRow(inverse.applyLeft(rowOf(row))));
}

/** Of I - Abar^L: an unfolded C keeps six digits. */
const worstCondition = 1e10;

/** K[l] = C Abar^l Bbar, l < L, step by step, with the un-folded C. */
export function recurrentKernel(
  space: StateSpace,
  B: readonly Complex[],
  C: readonly Complex[],
  L: number,
): Float64Array {
  const { E: Abar, input } = bilinearStep(space);
  for (let i = 0; i < Abar.n; i++) Abar.data[i * Abar.n + i] += 1;
  const row = rowOf(C);
  let x = input(B);
  return Float64Array.from({ length: L }, () => {
    const y = row.reduce((sum, c, i) => sum + c * x[i], 0);
    x = Abar.apply(x);
    return y;
  });
}

/** S4's stored parameters as arrays: invDt (H,1), aReal and aImag (S,N/2), P (R,S,N/2,2), C (channels,H,N/2,2). */
export interface StoredS4 {
  H: number;
  S: number;
  M: number;
  rank: number;
  invDt: ArrayLike<number>;
  aReal: ArrayLike<number>;
  aImag: ArrayLike<number>;
  P: ArrayLike<number>;
}

/** Feature h of stored parameters. */
export function stateSpace({ S, M, rank, invDt, aReal, aImag, P }: StoredS4, h: number): StateSpace {
  const s = h % S;
  const modes = Array.from({ length: M }, (_, n) => n);
  return {
    delta: Math.exp(invDt[h]),
    lambda: modes.map((n) => complex(-Math.exp(aReal[s * M + n]), -aImag[s * M + n])),
    P: Array.from({ length: rank }, (_, r) => modes.map((n) => pair(P, (r * S + s) * M + n))),
  };
}

/** `refold` of all features: C (channels,H,N/2,2) to the same shape. */
export function refoldAll(stored: StoredS4, C: ArrayLike<number>, L: number, how: Folding): Float64Array {
  const { H, M } = stored;
  const channels = C.length / (2 * H * M);
  const out = new Float64Array(C.length);
  for (let h = 0; h < H; h++) {
    const rows = Array.from({ length: channels }, (_, c) =>
      Array.from({ length: M }, (_, n) => pair(C, (c * H + h) * M + n)),
    );
    refold(stateSpace(stored, h), rows, L, how).forEach((row, c) => {
      row.forEach(({ re, im }, n) => {
        out[2 * ((c * H + h) * M + n)] = re;
        out[2 * ((c * H + h) * M + n) + 1] = im;
      });
    });
  }
  return out;
}
