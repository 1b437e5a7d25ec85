import type { NdArray, ReferenceCall } from '../op.ts';
import type { CrossEntropyAttrs } from './op.ts';

interface Row {
  i: number;
  target: number;
  /** w[target] */
  weight: number;
}

/** The rows that count, and what their sum is divided by. */
function countedRows(
  targets: NdArray,
  C: number,
  weights: NdArray | null,
  attrs: CrossEntropyAttrs,
): { rows: Row[]; divisor: number } {
  const rows: Row[] = [];
  targets.data.forEach((target, i) => {
    if (target === attrs.ignoreIndex) return;
    if (target < 0 || target >= C) throw new RangeError(`cross-entropy: target ${target} is not one of ${C} classes`);
    rows.push({ i, target, weight: weights ? weights.data[target] : 1 });
  });
  const total = rows.reduce((sum, r) => sum + r.weight, 0);
  return { rows, divisor: attrs.reduction === 'sum' ? 1 : total };
}

export function forward(call: ReferenceCall<CrossEntropyAttrs>): void {
  const {
    inputs: [logits, targets, weights],
    outputs: [loss, lse],
    attrs,
  } = call;
  if (!logits || !targets || !loss || !lse) return;
  const [n, C] = logits.shape;
  for (let i = 0; i < n; i++) {
    const row = Array.from(logits.data.subarray(i * C, (i + 1) * C));
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    lse.data[i] = top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
  }
  const { rows, divisor } = countedRows(targets, C, weights, attrs);
  if (!rows.length) return;
  const e = attrs.smoothing;
  for (const { i, target, weight } of rows) {
    let smooth = 0;
    for (let c = 0; c < C; c++) smooth += (weights ? weights.data[c] : 1) * (lse.data[i] - logits.data[i * C + c]);
    const own = weight * (lse.data[i] - logits.data[i * C + target]);
    loss.data[0] += ((1 - e) * own + (e / C) * smooth) / divisor;
  }
}

export function backward(call: ReferenceCall<CrossEntropyAttrs>): void {
  const {
    inputs: [logits, targets, weights],
    outputs: [, lse],
    gradOutputs: [g],
    gradInputs: [gx],
    attrs,
  } = call;
  if (!logits || !targets || !lse || !g || !gx) return;
  const C = logits.shape[1];
  const { rows, divisor } = countedRows(targets, C, weights, attrs);
  const e = attrs.smoothing;
  const w = (c: number) => (weights ? weights.data[c] : 1);
  let total = 0;
  for (let c = 0; c < C; c++) total += w(c);
  for (const { i, target, weight } of rows)
    for (let c = 0; c < C; c++) {
      const p = Math.exp(logits.data[i * C + c] - lse.data[i]);
      const own = weight * (p - Number(c === target));
      gx.data[i * C + c] = (g.data[0] / divisor) * ((1 - e) * own + (e / C) * (p * total - w(c)));
    }
}
