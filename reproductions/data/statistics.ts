/** Distances between what was generated and published reference statistics. */

/**
 * Two-sample chi-square of observed counts against shares that were themselves estimated from `referenceSize`
 * samples: sum over cells of n m / (n + m) (p - q)^2 / pooled share.
 */
export function chiSquare(counts: readonly number[], shares: readonly number[], referenceSize: number): number {
  const n = counts.reduce((a, b) => a + b, 0);
  const m = referenceSize;
  return counts.reduce((sum, count, i) => {
    const pooled = (count + shares[i] * m) / (n + m);
    return pooled > 0 ? sum + (((n * m) / (n + m)) * (count / n - shares[i]) ** 2) / pooled : sum;
  }, 0);
}

/** Largest difference of the two cumulative distributions over ordered bins. */
export function kolmogorov(counts: readonly number[], shares: readonly number[]): number {
  const n = counts.reduce((a, b) => a + b, 0);
  const total = shares.reduce((a, b) => a + b, 0);
  let here = 0;
  let there = 0;
  let largest = 0;
  counts.forEach((count, i) => {
    here += count / n;
    there += shares[i] / total;
    largest = Math.max(largest, Math.abs(here - there));
  });
  return largest;
}
