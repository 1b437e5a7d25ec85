/** The error of tensors that may hold infinities, such as the log of an empty sum. */
import { relativeError } from '../../kernels/ops/check.ts';

/** The relative error of what is finite; an infinity in `want` must be the same infinity in `got`. */
export function finiteError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  const agreed = (i: number) => got[i] === want[i] && !Number.isFinite(want[i]);
  const clear = (values: ArrayLike<number>) => Array.from(values, (x, i) => (agreed(i) ? 0 : x));
  return got.length === want.length ? relativeError(clear(got), clear(want)) : Number.POSITIVE_INFINITY;
}
