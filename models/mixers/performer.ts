/**
 * Performer: attention whose softmax kernel is estimated by positive random features (FAVOR+).
 *
 *   q, k, v = x Wq^T, x Wk^T, x Wv^T           (B, L, h d), without bias unless `bias`
 *   s = W x / d^(1/4)                          W (m, d): orthogonal rows within blocks of d, norms of normal vectors
 *   softmax: phi(x) = m^(-1/2) (exp(s - |x|^2 / (2 sqrt d) - M) + 1e-4); relu: phi(x) = max(s, 0) + 1e-3
 *   o_i = sum_j (phi(q_i) . phi(k_j)) v_j / (phi(q_i) . (sum_j phi(k_j) + keyEps))      keyEps = 1e-6 if causal, else 0
 *   y = o Wo^T + bo
 *
 * Choromanski et al. 2020, arXiv 2009.14794, equations 5 to 9 and section 3; parameters named and initialised as in
 * the public code (lucidrains/performer-pytorch), with m = d ln d features by default. W is a buffer: not trained,
 * kept in checkpoints, drawn again after every `redraw` training passes (null: never), as in that code.
 *
 * M is the largest s of a query, and of all keys of its head and sequence: a constant in the gradient. It cancels but
 * for the 1e-4 added after it, through which the keys' M lets every output depend on the last key: the published
 * causal form is not causal to the last digit, and has no recurrent form. `keyMaximum: null` takes M = 0 for keys of a
 * causal layer, where it is needed neither for causality nor for range (s - |x|^2 / (2 sqrt d) <= |w|^2 / 2, about
 * d / 2); 'sequence' is the published form. The ReLU features have no maximum. Padded keys are left out of every sum
 * and of M (the code zeroes their values, but counts them in the norm). The code's causal CPU form is quadratic in
 * memory within its chunks; here both forms are `kernel-attention`, O(L m d).
 *
 * Recurrent form, when causal: the sums over keys, (d + 1) m numbers a head.
 */

import { orthogonalRows } from '../../kernels/numerics/orthogonal.ts';
import { type FavorKernel, favorFeatures, kernels } from '../../kernels/ops/favor-features/op.ts';
import { kernelAttention } from '../../kernels/ops/kernel-attention/op.ts';
import { linear } from '../../kernels/ops/matmul/op.ts';
import { scale } from '../../kernels/ops/unary/op.ts';
import { Stream, type Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { type FeatureAttentionConfig, featureAttentionMixer, maps } from '../layers/feature-attention.ts';
import { headsOptions, innerWidth } from '../layers/heads.ts';
import type { MixerDefinition } from '../mixer.ts';
import { flag, notNegative, oneOf, orNull, whole } from '../options.ts';

type KeyMaximum = 'sequence' | 'none';

export interface PerformerConfig extends FeatureAttentionConfig {
  kernel: FavorKernel;
  /** Number of features; null: d ln d, rounded down. */
  features: number | null;
  /** Added to every feature; null: 1e-4 (softmax), 1e-3 (relu). */
  eps: number | null;
  /** Where M of the keys is taken; null: nowhere when causal, over the sequence otherwise. */
  keyMaximum: KeyMaximum | null;
  /** Norms of W's rows: those of normal vectors, or all sqrt d. */
  rows: 'normal' | 'equal';
  /** Training passes after which W is drawn again; null: never. */
  redraw: number | null;
  /** Whether the maps of queries, keys and values have a bias. */
  bias: boolean;
}

export interface PerformerOptions {
  causal: boolean;
  kernel: FavorKernel;
  keyMaximum: KeyMaximum;
  eps: number | null;
  /** Added to every component of the sum of keys. */
  keyEps: number;
  lengths?: Tensor | null;
  start?: Tensor | null;
}

/** o and the sums over keys of q, k, v (B, L, h, d), with the features of `projection` (m, d). */
export function performerAttention(t: Tape, q: Tensor, k: Tensor, v: Tensor, projection: Tensor, o: PerformerOptions) {
  const { causal, kernel, keyMaximum, keyEps, lengths = null, start = null } = o;
  const eps = o.eps ?? undefined;
  const features = (x: Tensor, maximum: 'vector' | KeyMaximum) =>
    favorFeatures(t, linear(t, x, w), x, { kernel, eps, maximum, lengths });
  const w = scale(t, projection, projection.shape[1] ** -0.25);
  const [phiQ, phiK] = [features(q, 'vector'), features(k, keyMaximum)];
  return kernelAttention(t, phiQ, phiK, v, { causal, keyEps, keyLengths: lengths, start });
}

/** W (features, d), row-major. */
export function favorProjection(stream: Stream, features: number, d: number, rows: PerformerConfig['rows']) {
  const w = orthogonalRows(stream, features, d);
  for (let r = 0; r < features; r++) {
    const norm = rows === 'equal' ? Math.sqrt(d) : Math.hypot(...stream.normals(d));
    for (let c = 0; c < d; c++) w[r * d + c] *= norm;
  }
  return w;
}

/** Draws W again when as many training passes have gone by; their count lives in a stream, so a resumed run keeps it. */
function redrawn(t: Tape, projection: Tensor, every: number, name: string, draw: (stream: Stream) => Float64Array) {
  const passes = t.streams.get(`${name} passes`).reserve(1);
  if (passes === 0 || passes % every !== 0) return;
  projection.write(draw(new Stream(t.streams.seed, `${name} ${passes / every}`)));
}

const resolvedMaximum = ({ keyMaximum, kernel, causal }: PerformerConfig): KeyMaximum =>
  kernel === 'relu' ? 'none' : (keyMaximum ?? (causal ? 'none' : 'sequence'));

const performer: MixerDefinition<PerformerConfig> = {
  id: 'performer',
  title: 'Performer',
  paper: { title: 'Rethinking Attention with Performers', arxiv: '2009.14794', year: 2020 },
  kind: 'attention',
  complexity: { sequence: 'L m', step: 'm' },
  golden: ['performer'],
  systems: [{ id: 'performer', title: 'Performer', speed: { published: 'Performer' }, published: ['Performer'] }],
  causal: (config) => config.causal && resolvedMaximum(config) === 'none',
  defaults: {
    heads: 8,
    causal: false,
    inner: null,
    kernel: 'softmax',
    features: null,
    eps: null,
    keyMaximum: null,
    rows: 'normal',
    redraw: 1000,
    bias: false,
  },
  options: {
    ...headsOptions,
    causal: flag,
    kernel: oneOf(...kernels),
    features: orNull(whole(1)),
    eps: orNull(notNegative),
    keyMaximum: orNull(oneOf('sequence', 'none')),
    rows: oneOf('normal', 'equal'),
    redraw: orNull(whole(1)),
    bias: flag,
  },
  build(store, size, config, streams: Streams) {
    const { heads, causal, kernel, eps, redraw, rows } = config;
    const inner = innerWidth(config, size.width);
    const d = inner / heads;
    const features = config.features ?? Math.max(1, Math.floor(d * Math.log(d)));
    const made = maps(store, size, inner, streams, ['to_q', 'to_k', 'to_v', 'to_out'], config.bias);
    const draw = (stream: Stream) => favorProjection(stream, features, d, rows);
    const buffer = store.at('fast_attention');
    const projection = buffer.addBuffer('projection_matrix', () => draw(streams.get('init')), [features, d]);
    const name = `${buffer.prefix}projection_matrix`;
    const keyMaximum = resolvedMaximum(config);
    const options = { causal, kernel, keyMaximum, eps, keyEps: causal ? 1e-6 : 0 };
    const recurrent = causal && keyMaximum === 'none' ? features : null;
    return featureAttentionMixer(size, config, made, recurrent, (t, q, k, v, context) => {
      if (t.training && redraw !== null) redrawn(t, projection, redraw, name, draw);
      return performerAttention(t, q, k, v, projection, { ...options, ...context });
    });
  },
};
export default performer;
