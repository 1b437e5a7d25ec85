/**
 * A convolution that looks ahead only: y[b, h, t] = sum_{s >= t} k[h, s - t] u[b, h, s] + D[h] u[b, h, t]. It is what
 * reversing time, convolving causally and reversing time again gives, without moving anything: in the two-sided form
 * whose halves both have lag 0, the half that acts on the past is zero.
 */
import { concat } from '../../kernels/ops/concat/op.ts';
import { type ConvForm, fftConv } from '../../kernels/ops/fft-conv/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';

/** u (B, H, L), k (1, H, L), D (1, H) or null. */
export function anticausalConv(t: Tape, u: Tensor, k: Tensor, D: Tensor | null, form: ConvForm): Tensor {
  const past = t.tensor(new Float64Array(k.size), k.shape);
  return fftConv(t, u, concat(t, [past, k], 0), D, { sides: 'double-zero', form });
}
