/**
 * Statistics of timings. Times are positive and their noise multiplies, so everything is done on logarithms:
 * the estimate is the geometric mean of the per-round medians, intervals are Student's t over rounds. A round is
 * the unit of replication, not a sample: samples of one round share what disturbed it.
 *
 *   estimate  exp(mean_r log m_r)            m_r: median of round r
 *   ratio     exp(mean_r log(a_r / b_r))     a, b: measured side by side in the same round
 *   interval  exp(mean -+ t(0.975, R-1) s / sqrt R)
 *
 * With every contestant measured in every round, ratio(a, b) equals estimate(a) / estimate(b) exactly.
 */

export interface Interval {
  estimate: number;
  /** 95 % confidence limits; null with fewer than two rounds. */
  low: number | null;
  high: number | null;
}

/** Middle value; mean of the two middle ones for an even count. Throws on an empty list. */
export function median(values: readonly number[]): number {
  if (!values.length) throw new RangeError('the median of nothing');
  const s = [...values].sort((a, b) => a - b);
  const m = s.length >> 1;
  return s.length % 2 ? s[m] : (s[m - 1] + s[m]) / 2;
}

export function mean(values: readonly number[]): number {
  if (!values.length) throw new RangeError('the mean of nothing');
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Sample standard deviation (n - 1). */
export function deviation(values: readonly number[]): number {
  const m = mean(values);
  return Math.sqrt(values.reduce((a, x) => a + (x - m) ** 2, 0) / (values.length - 1));
}

/** Mean with its two-sided t interval. */
export function tInterval(values: readonly number[], confidence = 0.95): Interval {
  const m = mean(values);
  if (values.length < 2) return { estimate: m, low: null, high: null };
  const half =
    (studentQuantile(0.5 + confidence / 2, values.length - 1) * deviation(values)) / Math.sqrt(values.length);
  return { estimate: m, low: m - half, high: m + half };
}

const exponential = (i: Interval): Interval => ({
  estimate: Math.exp(i.estimate),
  low: i.low === null ? null : Math.exp(i.low),
  high: i.high === null ? null : Math.exp(i.high),
});

/** Time of one contestant from its rounds of samples, in the samples' unit. */
export function timeOf(rounds: readonly (readonly number[])[]): Interval {
  return exponential(tInterval(rounds.filter((r) => r.length).map((r) => Math.log(median(r)))));
}

/** How many times as long `a` takes as `b`: rounds are paired by position; unpaired ones are left out. */
export function ratioOf(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): Interval {
  const logs: number[] = [];
  for (let r = 0; r < Math.min(a.length, b.length); r++)
    if (a[r].length && b[r].length) logs.push(Math.log(median(a[r]) / median(b[r])));
  return exponential(tInterval(logs));
}

/**
 * The same for measurements of two different runs, whose rounds are not pairs: Welch's interval on the logarithms. It
 * knows the spread within each run only, not what changed between them (temperature, neighbours, another build).
 */
export function unpairedRatio(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): Interval {
  const logs = (rounds: readonly (readonly number[])[]) =>
    rounds.filter((r) => r.length).map((r) => Math.log(median(r)));
  const [x, y] = [logs(a), logs(b)];
  const estimate = mean(x) - mean(y);
  if (x.length < 2 || y.length < 2) return exponential({ estimate, low: null, high: null });
  const [p, q] = [deviation(x) ** 2 / x.length, deviation(y) ** 2 / y.length];
  if (p + q === 0) return exponential({ estimate, low: estimate, high: estimate });
  const df = (p + q) ** 2 / (p ** 2 / (x.length - 1) + q ** 2 / (y.length - 1));
  const half = studentQuantile(0.975, df) * Math.sqrt(p + q);
  return exponential({ estimate, low: estimate - half, high: estimate + half });
}

/** Student's t quantile: the x with P(T <= x) = p for `df` degrees of freedom, by bisection on the distribution. */
export function studentQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1) || !(df > 0)) throw new RangeError(`no t quantile for p = ${p}, df = ${df}`);
  if (p < 0.5) return -studentQuantile(1 - p, df);
  let high = 1;
  while (studentProbability(high, df) < p) high *= 2;
  let low = 0;
  for (let i = 0; i < 200 && high - low > 1e-13 * high; i++) {
    const x = (low + high) / 2;
    if (studentProbability(x, df) < p) low = x;
    else high = x;
  }
  return (low + high) / 2;
}

/** P(T <= x) = 1 - I(df / (df + x^2); df/2, 1/2) / 2 for x >= 0. */
export function studentProbability(x: number, df: number): number {
  const tail = 0.5 * incompleteBeta(df / (df + x * x), df / 2, 0.5);
  return x >= 0 ? 1 - tail : tail;
}

/** Regularised incomplete beta function I(x; a, b): the continued fraction 8.17.22 of the DLMF, by Lentz's method. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny);
  let f = d;
  for (let m = 1; m < 500; m++) {
    for (const numerator of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / (1 + numerator * d || tiny);
      c = 1 + numerator / c || tiny;
      f *= c * d;
    }
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return front * f;
}

/** log Gamma(x) for x > 0 (Lanczos, g = 7, n = 9). */
function logGamma(x: number): number {
  const g = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const y = x - 1;
  const t = y + 7.5;
  const series = g.reduce((sum, c, i) => (i ? sum + c / (y + i) : c), 0);
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(t) - t + Math.log(series);
}
