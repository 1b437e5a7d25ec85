import { philox } from '../../tensor/random.ts';
import { broadcastIndex } from '../axes.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import { type DropoutAttrs, maskSize, threshold } from './op.ts';

/** to = from * mask / (1 - p) */
function apply(from: NdArray, to: NdArray, { p, tied, key, start }: DropoutAttrs): void {
  const n = maskSize(from.shape, tied);
  const words: number[] = [];
  for (let b = start; words.length < n; b++) words.push(...philox([b >>> 0, Math.floor(b / 4294967296), 0, 0], key));
  const at = broadcastIndex(
    from.shape,
    from.shape.map((d, axis) => (tied.includes(axis) ? 1 : d)),
  );
  for (let i = 0; i < from.data.length; i++) to.data[i] = words[at(i)] >= threshold(p) ? from.data[i] / (1 - p) : 0;
}

export function forward({ inputs: [x], outputs: [y], attrs }: ReferenceCall<DropoutAttrs>): void {
  if (x && y) apply(x, y, attrs);
}

export function backward({ gradOutputs: [g], gradInputs: [gx], attrs }: ReferenceCall<DropoutAttrs>): void {
  if (g && gx) apply(g, gx, attrs);
}
