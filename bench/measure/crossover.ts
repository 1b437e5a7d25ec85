/** From which length on one operator is faster than another, from measured ratios. */

/** How many times as long the other operator takes at a length: > 1 where ours is faster; with its 95 % interval. */
export interface RatioAt {
  length: number;
  ratio: number;
  low: number;
  high: number;
}

export type Crossing =
  | { kind: 'at'; length: number }
  /** Faster at the shortest measured length already, or not even at the longest. */
  | { kind: 'below' | 'above'; length: number };

/**
 * The length above which the ratio stays over 1: between the last measured length where it is not and the next one, the
 * logarithm of the ratio is taken to be linear in that of the length. null without measurements.
 */
export function crossing(points: readonly { length: number; ratio: number }[]): Crossing | null {
  const sorted = [...points].sort((a, b) => a.length - b.length);
  if (!sorted.length) return null;
  const last = sorted.findLastIndex((p) => p.ratio <= 1);
  if (last < 0) return { kind: 'below', length: sorted[0].length };
  if (last === sorted.length - 1) return { kind: 'above', length: sorted[last].length };
  const [a, b] = [sorted[last], sorted[last + 1]];
  const part = -Math.log(a.ratio) / (Math.log(b.ratio) - Math.log(a.ratio));
  return { kind: 'at', length: a.length * (b.length / a.length) ** part };
}

/** The crossing, and that of the ends of the ratios' intervals: the higher the ratio, the earlier. */
export function crossover(points: readonly RatioAt[]): { estimate: Crossing; early: Crossing; late: Crossing } | null {
  const of = (end: 'ratio' | 'low' | 'high') => crossing(points.map((p) => ({ length: p.length, ratio: p[end] })));
  const [estimate, early, late] = [of('ratio'), of('high'), of('low')];
  return estimate && early && late ? { estimate, early, late } : null;
}

const showOne = ({ kind, length }: Crossing): string =>
  `${kind === 'at' ? '' : kind === 'below' ? 'below ' : 'above '}${Math.round(length)}`;

/** `1400 steps [1300, 1500]`, `not within the measured range: below 1024 steps [...]`. */
export function showCrossover(points: readonly RatioAt[]): string {
  const c = crossover(points);
  if (!c) return 'not measured';
  const { estimate, early, late } = c;
  const interval = `[${showOne(early)}, ${showOne(late)}]`;
  const outside = estimate.kind === 'at' ? '' : 'not within the measured range, ';
  return `${outside}${showOne(estimate)} steps ${interval}`;
}
