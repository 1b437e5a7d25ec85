/**
 * The position-wise feed-forward sub-block of a Transformer: y = W2 GELU(W1 x + b1) + b2, W1 (inner, H),
 * W2 (H, inner).
 *
 * Vaswani et al. 2017, arXiv 1706.03762, section 3.3 (with ReLU there). Public classifiers use the exact GELU,
 * public language models its tanh form, Mega SiLU (its inner width is twice the model's): `activation`. Causal: no step sees another.
 */

import { dropout } from '../../kernels/ops/dropout/op.ts';
import { gelu, geluTanh, silu } from '../../kernels/ops/unary/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { Linear } from '../layers/linear.ts';
import { pipe } from '../layers/pipe.ts';
import type { MixerDefinition } from '../mixer.ts';
import { oneOf, orNull, positive, whole } from '../options.ts';
import { positionwise } from '../state-space/recurrence.ts';

const activations = { gelu, 'gelu-tanh': geluTanh, silu };

export interface MlpConfig {
  /** Inner width; default: `ratio` times the model's width. */
  inner: number | null;
  ratio: number;
  activation: keyof typeof activations;
}

const mlp: MixerDefinition<MlpConfig> = {
  id: 'mlp',
  title: 'MLP',
  paper: { title: 'Attention Is All You Need', arxiv: '1706.03762', year: 2017 },
  kind: 'feed-forward',
  complexity: { sequence: 'L', step: '1' },
  golden: [],
  systems: [],
  causal: () => true,
  defaults: { inner: null, ratio: 4, activation: 'gelu' },
  options: { inner: orNull(whole(1)), ratio: positive, activation: oneOf('gelu', 'gelu-tanh', 'silu') },
  build(store, { width, dropout: p, tiedDropout }, config, streams) {
    const inner = config.inner ?? Math.round(config.ratio * width);
    const fc1 = new Linear(store.at('fc1'), width, inner, streams);
    const fc2 = new Linear(store.at('fc2'), inner, width, streams);
    const activate = activations[config.activation];
    const forward = (t: Tape, x: Tensor) =>
      pipe(t, x, [
        (h) => fc1.forward(t, h),
        (h) => activate(t, h),
        (h) => dropout(t, h, { p, tied: tiedDropout ? [1] : [] }),
        (h) => fc2.forward(t, h),
      ]);
    return { anyRate: true, forward, recurrence: async () => positionwise(forward) };
  },
};
export default mlp;
