import { attend, attendBackward, type Visible } from '../attention/reference.ts';
import type { ReferenceCall } from '../op.ts';
import { type SparseAttentionAttrs, visibleRange } from './op.ts';

function pattern({ inputs, attrs }: ReferenceCall<SparseAttentionAttrs>): Visible {
  const [q, k, , lengths, real, mask] = inputs;
  if (!q || !k) return () => [];
  const [Sq, Sk] = [q.shape[1], k.shape[1]];
  const n = Math.ceil(Sk / attrs.block);
  return (b, head, i) => {
    const [low, high] = visibleRange({ Sq, Sk }, attrs, i);
    const row = (head * Math.ceil(Sq / attrs.block) + Math.floor(i / attrs.block)) * n;
    const keys: number[] = [];
    for (let j = low; j < high; j++) {
      if (lengths && j >= lengths.data[b]) continue;
      if (real && !real.data[b * Sk + j]) continue;
      if (mask && !mask.data[row + Math.floor(j / attrs.block)]) continue;
      keys.push(j);
    }
    return keys;
  };
}

export const forward = (call: ReferenceCall<SparseAttentionAttrs>): void =>
  attend(call, call.attrs.scale, pattern(call));
export const backward = (call: ReferenceCall<SparseAttentionAttrs>): void =>
  attendBackward(call, call.attrs.scale, pattern(call));
