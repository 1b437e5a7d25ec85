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
