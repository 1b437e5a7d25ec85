import type { ReferenceCall } from '../op.ts';
import type { EmbeddingAttrs } from './op.ts';

export function forward({ inputs: [table, ids], outputs: [y] }: ReferenceCall<EmbeddingAttrs>): void {
  if (!table || !ids || !y) return;
  const [V, H] = table.shape;
  ids.data.forEach((id, i) => {
    if (id < 0 || id >= V) throw new RangeError(`embedding: id ${id} is outside the table of ${V} rows`);
    for (let h = 0; h < H; h++) y.data[i * H + h] = table.data[id * H + h];
  });
}

export function backward(call: ReferenceCall<EmbeddingAttrs>): void {
  const {
    inputs: [, ids],
    gradOutputs: [g],
    gradInputs: [gt],
    attrs,
  } = call;
  if (!ids || !g || !gt) return;
  const H = gt.shape[1];
  ids.data.forEach((id, i) => {
    if (id === attrs.padding) return;
    for (let h = 0; h < H; h++) gt.data[id * H + h] += g.data[i * H + h];
  });
}
