import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';

export type Step = (x: Tensor) => Tensor;

/**
 * Runs `steps` one after another. What a step made is released as soon as the next one has run, unless the
 * backward pass needs it: so a stack of layers holds one activation at a time when it is only evaluated.
 */
export function pipe(t: Tape, x: Tensor, steps: readonly Step[]): Tensor {
  if (!steps.length) return x;
  const last = steps[steps.length - 1];
  return t.scope(() => last(pipe(t, x, steps.slice(0, -1))));
}
