import { philox } from '../../tensor/random.ts';
import { threshold } from '../dropout/op.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import type { LongconvKernelAttrs } from './op.ts';

/** to[r,j] = (1/w) sum_{|i| <= p} from[r,j+i] along the last axis, zeros outside. */
function smooth(from: ArrayLike<number>, L: number, window: number): Float64Array {
  const p = (window - 1) / 2;
  return Float64Array.from({ length: from.length }, (_, at) => {
    const j = at % L;
    let sum = 0;
    for (let i = Math.max(-p, -j); i <= Math.min(p, L - 1 - j); i++) sum += from[at + i];
    return sum / window;
  });
}

export function forward({ inputs: [K], outputs: [k], attrs }: ReferenceCall<LongconvKernelAttrs>): void {
  if (!K || !k) return;
  const { lambda, window, p, key, start } = attrs;
  let words: number[] = [];
  smooth(K.data, K.shape[2], window).forEach((s, m) => {
    const block = start + Math.floor(m / 4);
    if (p > 0 && m % 4 === 0) words = philox([block >>> 0, Math.floor(block / 4294967296), 0, 0], key);
    const kept = p === 0 || words[m % 4] >= threshold(p);
    k.data[m] = kept ? (Math.sign(s) * Math.max(Math.abs(s) - lambda, 0)) / (1 - p) : 0;
  });
}

export function backward(call: ReferenceCall<LongconvKernelAttrs>): void {
  const k = call.outputs[0] as NdArray;
  const g = call.gradOutputs[0];
  const gK = call.gradInputs[0];
  if (!g || !gK) return;
  const passed = g.data.map((x, m) => (k.data[m] !== 0 ? x / (1 - call.attrs.p) : 0));
  gK.data.set(smooth(passed, k.shape[2], call.attrs.window));
}
