import { requireShape, type Shape, showShape } from '../op.ts';

/** Which lags the taps of a long convolution stand for; `op.ts` has the table. */
export const sideNames = ['causal', 'lag-1', 'double-zero', 'circular'] as const;
export type Sides = (typeof sideNames)[number];

export const isTwoSided = (sides: Sides): boolean => sides === 'lag-1' || sides === 'double-zero';

/** Lag of tap j of the first (half 0) or second half of the kernel's channels. */
export function lagOf(sides: Sides, half: number, j: number, L: number): number {
  if (sides === 'circular') return j < L ? j : j - 2 * L;
  if (half === 0) return j;
  return sides === 'lag-1' ? -(j + 1) : -j;
}

/** Lags 0 .. P - 1 and -1 .. -Q can act on a row of L. */
export function lagRange(sides: Sides, L: number, Lk: number): { P: number; Q: number } {
  const P = Math.min(Lk, L);
  const Q = { causal: 0, 'lag-1': Math.min(Lk, L - 1), 'double-zero': P - 1, circular: L - 1 }[sides];
  return { P, Q };
}

/** Shape of y of u (B, H, L), k and D, checked. */
export function convolutionShape(id: string, [u, k, D]: readonly (Shape | null)[], sides: Sides): Shape {
  requireShape(sideNames.includes(sides), id, `sides must be one of ${sideNames.join(', ')}, not ${sides}`);
  requireShape(u?.length === 3, id, `u must have shape (B, H, L), not ${showShape(u)}`);
  requireShape(k?.length === 3, id, `k must have shape (C, H, Lk), not ${showShape(k)}`);
  const [B, H, L] = u;
  requireShape(B > 0 && H > 0 && L > 0 && k.every((n) => n > 0), id, 'every dimension must be at least 1');
  requireShape(k[1] === H, id, `u has ${H} channels but k has ${k[1]}`);
  const two = isTwoSided(sides);
  requireShape(!two || k[0] % 2 === 0, id, `${sides} needs an even number of kernel channels, not ${k[0]}`);
  requireShape(sides !== 'circular' || k[2] === 2 * L, id, `circular needs 2L = ${2 * L} taps, not ${k[2]}`);
  const C = two ? k[0] / 2 : k[0];
  requireShape(!D || (D.length === 2 && D[0] === C && D[1] === H), id, `D must be (${C}, ${H}), not ${showShape(D)}`);
  return [B, C * H, L];
}
