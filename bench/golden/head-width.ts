/** Attention whose values have another width than its keys, for ops that take one width. */
import { concat } from '../../kernels/ops/concat/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';

/**
 * q, k, v (B, S, h, width) with zeros behind the narrower ones: the scores stay as they are, so a default scale must be
 * that of the q given here. `cut` leaves of an output the columns that the values had.
 */
export function oneWidth(t: Tape, operands: readonly Tensor[]): { operands: Tensor[]; cut: (o: Tensor) => Tensor } {
  const width = Math.max(...operands.map((x) => x.shape[3]));
  const widen = (x: Tensor) => {
    const shape = [...x.shape.slice(0, 3), width - x.shape[3]];
    const size = shape.reduce((a, b) => a * b, 1);
    return size ? concat(t, [x, t.tensor(new Float64Array(size), shape)], 3) : x;
  };
  const length = operands[2].shape[3];
  return {
    operands: operands.map(widen),
    cut: (o) => (length === width ? o : slice(t, o, { axis: 3, start: 0, length })),
  };
}
