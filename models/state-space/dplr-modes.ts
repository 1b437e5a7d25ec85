/**
 * S4's stored parameters as a system that is stepped at O(N) (Gu, Goel and Re 2022, arXiv 2111.00396, lemma C.4 and
 * section 3.4). In the stored half of the modes, with D = (2/dt - Lambda)^{-1} and the small real matrix
 * G = (I + P^H D P)^{-1} of the Woodbury identity, the bilinear step
 *
 *   x <- (2/dt - A)^{-1} ((2/dt + A) x + 2 B u),   A = diag(Lambda) - P P^H
 *
 * is a diagonal and R real functionals of the state:
 *
 *   x <- e x + sum_r w_r s_r + b u,     s_r = 2 Re(q_r x)
 *   e = D (2/dt + Lambda) = (4/dt) D - 1,   w_r = -D P_r,   q_r = sum_s G_rs conj(P_s) (1 + e)
 *   b = 2 D B + sum_r w_r (G v)_r,   v_r = 2 Re(P_r^H 2 D B)
 *
 * (the functionals are real because conjugate modes are implied: P^H x = 2 Re of the stored half's). The trained C~ is
 * unfolded, C = C~ (I - Abar^L)^{-1}, in float64.
 */
import {
  add,
  type Complex,
  complex,
  conj,
  div,
  mul,
  pair,
  scale,
  setPair,
  sub,
} from '../../kernels/numerics/complex.ts';
import { RealMatrix } from '../../kernels/numerics/real-matrix.ts';
import { refoldAll, type StateSpace, type StoredS4, stateSpace } from '../../kernels/numerics/s4-fold.ts';
import type { S4Parameters } from '../../kernels/ops/s4-kernel/op.ts';
import type { Modes } from './recurrence.ts';

/** The parameters as host arrays. */
export async function storedS4(p: Omit<S4Parameters, 'B' | 'C'>, H: number): Promise<StoredS4> {
  const [rank, S, M] = p.P.shape;
  const [invDt, aReal, aImag, P] = await Promise.all([p.invDt, p.aReal, p.aImag, p.P].map((x) => x.read()));
  return { H, S, M, rank, invDt, aReal, aImag, P };
}

/** The recurrent form of parameters whose C is folded with `internalLength`. */
export async function s4Modes(p: S4Parameters, internalLength: number): Promise<Modes> {
  const [channels, H, N] = p.C.shape;
  const stored = await storedS4(p, H);
  const { S, rank } = stored;
  const B = await p.B.read();
  const C = refoldAll(stored, await p.C.read(), internalLength, 'unfold');
  const a = new Float64Array(2 * H * N);
  const [b, w, q] = [1, rank, rank].map((n) => new Float64Array(2 * n * H * N));
  for (let h = 0; h < H; h++) {
    const step = dplrStep(
      stateSpace(stored, h),
      Array.from({ length: N }, (_, n) => pair(B, (h % S) * N + n)),
    );
    for (let n = 0; n < N; n++) {
      setPair(a, h * N + n, step.e[n]);
      setPair(b, h * N + n, step.b[n]);
      for (let r = 0; r < rank; r++) {
        setPair(w, (r * H + h) * N + n, step.w[r][n]);
        setPair(q, (r * H + h) * N + n, scale(step.q[r][n], 2));
      }
    }
  }
  return { width: H, modes: N, channels, a, c: C.map((x) => 2 * x), lowRank: { rank, b, w, q } };
}

/** e, b, w and q of one channel, as above. */
export function dplrStep({ delta, lambda, P }: StateSpace, B: readonly Complex[]) {
  const rank = P.length;
  const D = lambda.map((l) => div(complex(1), sub(complex(2 / delta), l)));
  const e = lambda.map((l, n) => mul(D[n], add(complex(2 / delta), l)));
  /** P_r^H x over the modes and their conjugates. */
  const project = (r: number, x: readonly Complex[]) =>
    x.reduce((sum, value, n) => sum + 2 * mul(conj(P[r][n]), value).re, 0);
  const DP = P.map((row) => row.map((p, n) => mul(D[n], p)));
  const inner = RealMatrix.identity(rank);
  for (let r = 0; r < rank; r++) for (let s = 0; s < rank; s++) inner.data[r * rank + s] += project(r, DP[s]);
  const G = inner.solve(RealMatrix.identity(rank).data, rank);
  const w = DP.map((row) => row.map((x) => scale(x, -1)));
  const q = P.map((_, r) =>
    lambda.map((_, n) => {
      const row = P.reduce((sum, p, s) => add(sum, scale(conj(p[n]), G[r * rank + s])), complex(0));
      return mul(row, scale(D[n], 4 / delta));
    }),
  );
  const direct = B.map((x, n) => scale(mul(D[n], x), 2));
  const v = P.map((_, r) => project(r, direct));
  const b = direct.map((x, n) =>
    w.reduce(
      (sum, row, r) =>
        add(
          sum,
          scale(
            row[n],
            G.slice(r * rank, (r + 1) * rank).reduce((g, y, s) => g + y * v[s], 0),
          ),
        ),
      x,
    ),
  );
  return { e, b, w, q };
}
