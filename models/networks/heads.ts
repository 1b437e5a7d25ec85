/**
 * From hidden states (B, L, H) to logits.
 *
 *   pool       mean over the positions of a sequence (of a padded batch: the first `length` ones), or the last one
 *   linear     decoder: H to classes
 *   retrieval  two documents a, b per example, encoded by the same network in one batch:
 *              W2 relu(W1 [a, b, a - b, a b] + c1) + c2
 */
import { add, mul, sub } from '../../kernels/ops/binary/op.ts';
import { concat } from '../../kernels/ops/concat/op.ts';
import { maskedMean } from '../../kernels/ops/masked-mean/op.ts';
import { sum } from '../../kernels/ops/reduce/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import { relu, scale } from '../../kernels/ops/unary/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { Linear } from '../layers/linear.ts';
import { oneOf, requireOptions, whole } from '../options.ts';
import type { ParameterStore } from '../parameters.ts';

export type HeadKind = { kind: 'linear' } | { kind: 'retrieval'; hidden: number };

/** (B, L, H) to (B, H). */
export function pool(t: Tape, h: Tensor, how: 'mean' | 'last', lengths: Tensor | null): Tensor {
  if (how === 'mean') return maskedMean(t, h, lengths);
  if (lengths)
    throw new RangeError('pooling by the last step needs sequences of one length: use pool "mean" for padded batches');
  const [B, L, H] = h.shape;
  return t.reshape(slice(t, h, { axis: 1, start: L - 1, length: 1 }), [B, H]);
}

/** The sum over no steps, (B, H), and what rounding has cost it so far. */
export const startMean = (t: Tape, batch: number, width: number): Tensor[] =>
  [0, 1].map(() => t.tensor(new Float64Array(batch * width), [batch, width]));

/**
 * The mean over all steps up to those of h (B, M, H), and the sum and its error after them. The sum is compensated
 * (Kahan 1965): a million single steps lose no more than one.
 */
export function runningMean(t: Tape, h: Tensor, [total, lost]: readonly Tensor[], position: number): Tensor[] {
  return t.scope(() => {
    const more = sub(t, sum(t, h, [1]), lost);
    const next = add(t, total, more);
    const error = sub(t, sub(t, next, total), more);
    return [scale(t, next, 1 / (position + h.shape[1])), next, error];
  });
}

export interface Head {
  /** Pooled states, (B, H) or for pairs of documents (2B, H), to logits (B, classes). */
  forward(t: Tape, pooled: Tensor): Tensor;
}

export function buildHead(
  store: ParameterStore,
  kind: HeadKind,
  width: number,
  classes: number,
  streams: Streams,
): Head {
  requireOptions('head', { kind: oneOf('linear', 'retrieval') }, kind);
  if (kind.kind === 'linear') {
    const decoder = new Linear(store.at('decoder'), width, classes, streams);
    return { forward: (t, pooled) => decoder.forward(t, pooled) };
  }
  requireOptions('head', { hidden: whole(1) }, kind);
  const first = new Linear(store.at('head1'), 4 * width, kind.hidden, streams);
  const second = new Linear(store.at('head2'), kind.hidden, classes, streams);
  return {
    forward(t, pooled) {
      const rows = pooled.shape[0];
      if (rows % 2 !== 0)
        throw new RangeError(
          `a batch of document pairs has an even number of rows, not ${rows}: first the B first documents, then the B second ones`,
        );
      const document = (i: number) => slice(t, pooled, { axis: 0, start: (i * rows) / 2, length: rows / 2 });
      const [a, b] = [document(0), document(1)];
      const features = concat(t, [a, b, sub(t, a, b), mul(t, a, b)], 1);
      return second.forward(t, relu(t, first.forward(t, features)));
    },
  };
}
