/**
 * Linformer: softmax attention over kappa combinations of all steps in place of the steps themselves.
 *
 *   q = x Wq^T                                    (B, L, h d)
 *   K = (P^T x) Wk^T, V = (R^T x) Wv^T            (B, kappa, h d); P, R (nmax, kappa), their first L rows
 *   o = softmax(q K^T / sqrt d) V                 per head, over kappa columns
 *   y = o Wo^T + bo
 *
 * Wang et al. 2020, arXiv 2006.04768, equation 7 (there E and F are P^T and R^T). Wq, Wk, Wv have no bias, Wo has: as
 * in the public code (lucidrains/linformer), whose names the parameters bear: `to_q`, `to_k`, `to_v`, `to_out`,
 * `proj_k` (P), `proj_v` (R). Initial values: dense maps U(-1/sqrt(in), 1/sqrt(in)), P and R U(-1/sqrt kappa,
 * 1/sqrt kappa). The code maps every step by Wk, then combines steps; the order does not matter (no bias), and to
 * combine first costs L kappa H in place of L H^2 + L kappa H. Options: one key and value head that all query heads
 * share (`oneHead`), V = K (`shared`: neither Wv nor R). Projections are trained for one length; shorter sequences use
 * the first rows. The code refuses them; the paper does not speak of them.
 *
 * Not causal, and with no causal form: every combination is of all steps. Padded steps are left out of it. O(L kappa).
 */

import { dropout } from '../../kernels/ops/dropout/op.ts';
import { flashAttention } from '../../kernels/ops/flash-attention/op.ts';
import { maskTime } from '../../kernels/ops/mask-time/op.ts';
import { linear, matmul } from '../../kernels/ops/matmul/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { headsOptions, innerWidth } from '../layers/heads.ts';
import { Linear } from '../layers/linear.ts';
import { pipe } from '../layers/pipe.ts';
import type { MixerDefinition } from '../mixer.ts';
import { flag, orNull, whole } from '../options.ts';

export interface LinformerConfig {
  heads: number;
  /** Columns kappa that the steps are combined into. */
  rank: number;
  /** Width of the queries over all heads; null: the model's. */
  inner: number | null;
  /** All query heads share one head of keys and values. */
  oneHead: boolean;
  /** The values are the keys. */
  shared: boolean;
  /** Rows of the projections, the longest sequence; null: the model's. */
  longest: number | null;
}

export interface LinformerWeights {
  /** (h d, H) */
  q: Tensor;
  /** (h d, H), or (d, H) for one head of keys and values. */
  k: Tensor;
  /** As k; null: the values are the keys. */
  v: Tensor | null;
  /** (nmax, kappa) */
  projK: Tensor;
  projV: Tensor | null;
}

/** o (B, L, h d) of x (B, L, H), of which steps at and after `lengths` (i32, (B)) are padding. */
export function linformerAttention(
  t: Tape,
  x: Tensor,
  { q, k, v, projK, projV }: LinformerWeights,
  heads: number,
  lengths: Tensor | null = null,
): Tensor {
  const [batch, length] = x.shape;
  const [longest, rank] = projK.shape;
  if (length > longest)
    throw new RangeError(`${length} steps are more than the ${longest} that the projections have: set longest`);
  const inner = q.shape[0];
  const d = inner / heads;
  const one = k.shape[0] === d;
  const real = lengths ? maskTime(t, x, lengths) : x;
  const combined = (weight: Tensor, projection: Tensor) => {
    const rows = length === longest ? projection : slice(t, projection, { axis: 0, start: 0, length });
    const columns = matmul(t, real, rows, { transA: true }); // (B, H, kappa)
    const mapped = matmul(t, columns, weight, { transA: true, transB: true });
    return t.reshape(mapped, [batch, rank, one ? 1 : heads, d]);
  };
  return t.scope(() => {
    const keys = combined(k, projK);
    const values = v && projV ? combined(v, projV) : keys;
    // Heads that share their keys are more queries of one head.
    const queries = t.reshape(linear(t, x, q), one ? [batch, length * heads, 1, d] : [batch, length, heads, d]);
    return t.reshape(flashAttention(t, queries, keys, values).o, [batch, length, inner]);
  });
}

const linformer: MixerDefinition<LinformerConfig> = {
  id: 'linformer',
  title: 'Linformer',
  paper: { title: 'Linformer: Self-Attention with Linear Complexity', arxiv: '2006.04768', year: 2020 },
  kind: 'attention',
  complexity: { sequence: 'L kappa', step: null },
  golden: ['linformer'],
  systems: [{ id: 'linformer', title: 'Linformer', speed: { published: 'Linformer' }, published: ['Linformer'] }],
  causal: () => false,
  defaults: { heads: 8, rank: 256, inner: null, oneHead: false, shared: false, longest: null },
  options: { ...headsOptions, rank: whole(1), oneHead: flag, shared: flag, longest: orNull(whole(1)) },
  build(store, size, config, streams) {
    const { width, dropout: p, tiedDropout } = size;
    const { heads, rank, oneHead, shared } = config;
    const inner = innerWidth(config, width);
    const longest = config.longest ?? size.length;
    const map = (id: string, outputs: number) =>
      new Linear(store.at(id), width, outputs, streams, { bias: false }).weight;
    const bound = 1 / Math.sqrt(rank);
    const projection = (id: string) =>
      store.add(id, () => streams.get('init').uniforms(longest * rank, -bound, bound), [longest, rank]);
    const keyWidth = oneHead ? inner / heads : inner;
    const weights: LinformerWeights = {
      q: map('to_q', inner),
      k: map('to_k', keyWidth),
      projK: projection('proj_k'),
      v: shared ? null : map('to_v', keyWidth),
      projV: shared ? null : projection('proj_v'),
    };
    const out = new Linear(store.at('to_out'), inner, width, streams);
    return {
      forward: (t, x, { lengths }) =>
        pipe(t, x, [
          (h) => linformerAttention(t, h, weights, heads, lengths ?? null),
          (o) => dropout(t, o, { p, tied: tiedDropout ? [1] : [] }),
          (o) => out.forward(t, o),
        ]),
    };
  },
};
export default linformer;
