import { type NdArray, type ReferenceCall, sizeOf } from '../op.ts';
import type { BatchNormAttrs } from './op.ts';

/** The channel of element i. */
function channelOf({ shape }: NdArray, axis: number): (i: number) => number {
  const inner = sizeOf(shape.slice(axis + 1));
  return (i) => Math.floor(i / inner) % shape[axis];
}

export function forward(call: ReferenceCall<BatchNormAttrs>): void {
  const {
    inputs: [x, weight, bias, runningMean, runningVar],
    outputs: [y, mean, scale],
    attrs: { axis, eps, momentum, training },
  } = call;
  if (!x || !y || !weight || !bias || !runningMean || !runningVar || !mean || !scale) return;
  const C = x.shape[axis];
  const n = x.data.length / C;
  const channel = channelOf(x, axis);
  const variance = new Float64Array(C);
  if (training) {
    for (let i = 0; i < x.data.length; i++) mean.data[channel(i)] += x.data[i] / n;
    for (let i = 0; i < x.data.length; i++) variance[channel(i)] += (x.data[i] - mean.data[channel(i)]) ** 2 / n;
    for (let c = 0; c < C; c++) {
      runningMean.data[c] += momentum * (mean.data[c] - runningMean.data[c]);
      runningVar.data[c] += momentum * ((variance[c] * n) / (n - 1) - runningVar.data[c]);
    }
  } else {
    mean.data.set(runningMean.data);
    variance.set(runningVar.data);
  }
  for (let c = 0; c < C; c++) scale.data[c] = 1 / Math.sqrt(variance[c] + eps);
  for (let i = 0; i < x.data.length; i++) {
    const c = channel(i);
    y.data[i] = (x.data[i] - mean.data[c]) * scale.data[c] * weight.data[c] + bias.data[c];
  }
}

export function backward(call: ReferenceCall<BatchNormAttrs>): void {
  const {
    inputs: [x, weight],
    outputs: [, mean, scale],
    gradOutputs: [g],
    gradInputs: [gx, gw, gb],
    attrs: { axis, training },
  } = call;
  if (!x || !weight || !mean || !scale || !g) return;
  const C = x.shape[axis];
  const n = x.data.length / C;
  const channel = channelOf(x, axis);
  const [sum, along] = [new Float64Array(C), new Float64Array(C)];
  const hat = (i: number, c: number) => (x.data[i] - mean.data[c]) * scale.data[c];
  for (let i = 0; i < g.data.length; i++) {
    sum[channel(i)] += g.data[i];
    along[channel(i)] += g.data[i] * hat(i, channel(i));
  }
  gw?.data.set(along);
  gb?.data.set(sum);
  if (!gx) return;
  for (let i = 0; i < g.data.length; i++) {
    const c = channel(i);
    const centred = training ? g.data[i] - sum[c] / n - (hat(i, c) * along[c]) / n : g.data[i];
    gx.data[i] = weight.data[c] * scale.data[c] * centred;
  }
}
