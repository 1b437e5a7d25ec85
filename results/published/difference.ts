/** The difference of two published numbers, marked by the one that is less certain. */
import { rowConfidence } from './published.ts';
import type { Confidence, PublishedRow } from './schema.ts';

/** From certain to uncertain. */
const order: readonly Confidence[] = ['confirmed', 'second hand', 'from memory'];

/** `+21.25`, `~+6.9 (from memory)`; `-` when either is not known. `sign` is -1 where lower is better. */
export function formatDifference(one: PublishedRow | null, other: PublishedRow | null, sign: 1 | -1): string {
  if (one?.value == null || other?.value == null || one.unit !== other.unit) return '-';
  const difference = Number((sign * (one.value - other.value)).toPrecision(4));
  const worst = [one, other].map(rowConfidence).sort((a, b) => order.indexOf(b) - order.indexOf(a))[0];
  const number = `${difference > 0 ? '+' : ''}${difference}`;
  return worst === 'confirmed' ? number : `~${number} (${worst})`;
}
