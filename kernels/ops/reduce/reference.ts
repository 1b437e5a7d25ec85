import { broadcastIndex } from '../axes.ts';
import { type ReferenceCall, sizeOf } from '../op.ts';
import { keptShape, type ReduceAttrs } from './op.ts';

export function forward({ inputs: [x], outputs: [y], attrs: { fn, axes } }: ReferenceCall<ReduceAttrs>): void {
  if (!x || !y) return;
  const at = broadcastIndex(x.shape, keptShape(x.shape, axes));
  const n = x.data.length / y.data.length;
  if (fn === 'max') y.data.fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < x.data.length; i++) {
    const o = at(i);
    y.data[o] = fn === 'max' ? Math.max(y.data[o], x.data[i]) : y.data[o] + x.data[i] / (fn === 'mean' ? n : 1);
  }
}

export function backward(call: ReferenceCall<ReduceAttrs>): void {
  const {
    inputs: [x],
    outputs: [y],
    gradOutputs: [g],
    gradInputs: [gx],
    attrs: { fn, axes },
  } = call;
  if (!g || !gx) return;
  const kept = keptShape(gx.shape, axes);
  const at = broadcastIndex(gx.shape, kept);
  const share = new Float64Array(sizeOf(kept)).fill(fn === 'sum' ? 1 : gx.data.length / g.data.length);
  const wins = (i: number) => !x || !y || x.data[i] === y.data[at(i)];
  if (fn === 'max') {
    share.fill(0);
    for (let i = 0; i < gx.data.length; i++) share[at(i)] += Number(wins(i));
  }
  for (let i = 0; i < gx.data.length; i++) gx.data[i] = wins(i) ? g.data[at(i)] / share[at(i)] : 0;
}
