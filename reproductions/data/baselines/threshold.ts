/** One number decides: yes from a threshold on. */

export interface Threshold {
  /** Yes where the value is at least this. */
  from: number;
  /** Share of the given cases that it has right. */
  accuracy: number;
}

/** The threshold that has most of the cases right, midway between the two values around it; of several the lowest. */
export function bestThreshold(values: readonly number[], yes: readonly boolean[]): Threshold {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  // At minus infinity everything is a yes.
  let right = yes.filter(Boolean).length;
  let best = { from: Number.NEGATIVE_INFINITY, right };
  order.forEach((i, at) => {
    right += yes[i] ? -1 : 1;
    const next = at + 1 < order.length ? values[order[at + 1]] : Number.POSITIVE_INFINITY;
    if (right > best.right && next > values[i])
      best = { from: next === Number.POSITIVE_INFINITY ? next : (values[i] + next) / 2, right };
  });
  return { from: best.from, accuracy: best.right / values.length };
}

export const thresholdAccuracy = (from: number, values: readonly number[], yes: readonly boolean[]): number =>
  values.filter((value, i) => value >= from === yes[i]).length / values.length;
