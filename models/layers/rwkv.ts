/** What the two blocks of RWKV-4 share: mixing with the step before, and how their parameters start. */

import { linear } from '../../kernels/ops/matmul/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import { tokenShift } from '../../kernels/ops/token-shift/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { MixerSize } from '../mixer.ts';
import { type Options, oneOf } from '../options.ts';
import type { StoreView } from '../parameters.ts';
import { orthogonal } from './orthogonal.ts';

export interface RwkvStart {
  /**
   * Dense maps: `zero` as the public code starts a language model (some maps zero, the others orthogonal: a block gives 0
   * at first), or `uniform`, U(-1/sqrt(in), 1/sqrt(in)).
   */
  start: 'zero' | 'uniform';
}

export const startOptions: Options<RwkvStart> = { start: oneOf('zero', 'uniform') };

/** Registers a map without bias, (outputs, inputs), as `name.weight`. */
export type MapMaker = (name: string, outputs: number, inputs: number, zero: boolean) => Tensor;

export function mapMaker(store: StoreView, { start }: RwkvStart, streams: Streams): MapMaker {
  const stream = streams.get('init');
  return (name, outputs, inputs, zero) =>
    store.add(`${name}.weight`, () => {
      const bound = 1 / Math.sqrt(inputs);
      if (start === 'uniform') return stream.uniforms(outputs * inputs, -bound, bound);
      if (zero) return new Float64Array(outputs * inputs);
      return orthogonal(stream, outputs, inputs, Math.sqrt(Math.max(1, outputs / inputs)));
    }, [outputs, inputs]);
}

/**
 * How deep a block is: `up` runs from 0 in the first block to 1 in the last, `down` from 1 to 1/count. A single block
 * counts as the first.
 */
export function depth({ place = { index: 0, count: 1 } }: MixerSize): { up: number; down: number } {
  const { index, count } = place;
  return { up: count > 1 ? index / (count - 1) : 0, down: 1 - index / count };
}

/** The shares of the present step, (1, 1, C): (i / C)^power + shift. No weight decay: they are ramps, not maps. */
export const mixture = (store: StoreView, name: string, C: number, power: number, shift = 0): Tensor =>
  store.add(`time_mix_${name}`, () => Float64Array.from({ length: C }, (_, i) => (i / C) ** power + shift), [1, 1, C], {
    weightDecay: 0,
  });

/** W (m x_t + (1 - m) x_{t-1}). */
export const shiftedMap = (t: Tape, x: Tensor, mix: Tensor, weight: Tensor, before: Tensor | null): Tensor =>
  t.scope(() => linear(t, tokenShift(t, x, mix, before), weight, null));

/** The last step of x (B, M, C), (B, C). */
export function lastStep(t: Tape, x: Tensor): Tensor {
  const [B, M, C] = x.shape;
  return t.reshape(slice(t, x, { axis: 1, start: M - 1, length: 1 }), [B, C]);
}
