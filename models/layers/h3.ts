/**
 * The layer of H3: two convolutions with products between them, in the place of attention's two.
 *
 *   q, k, v = W_q u + b_q, W_k u + b_k, W_v u + b_v           u (B, L, D), D = H d: H heads of d channels, i = h d + j
 *   k' = k * K_shift + D_shift k                              per channel
 *   o[h, j2] = sum_{j1 < d} q[h, j1] (S * K[h] + D[h] S)      S = k'[h, j1] v[h, j2]
 *   y = W_o o + b_o
 *
 * Fu, Dao et al. 2022, arXiv 2212.14052, Algorithm 1. With d = 1 all products are element-wise: y = q (K * (k' v)).
 * The two kernels come from outside: state spaces in `mixers/h3.ts`, learned taps in `mixers/h3-long-conv.ts`.
 *
 * Order of o's channels before W_o, for d > 1: `module` j2 H + h, the public layer's plain path; `fused` h d + j2, its
 * CUDA kernel. They are different models with the same parameters; for d = 1 there is no difference.
 *
 * Memory: channels are kept in the order (j, h), so that every pair (j1, j2) of a head shares its kernel as rows of a
 * batch, and one j1 is handled at a time: evaluation holds a few (B, D, L), never all d of them; training keeps
 * 2 d + 5 of them for the backward pass (S and the convolved S of each j1, the slices of q and k', and v).
 */

import { add, mul } from '../../kernels/ops/binary/op.ts';
import { concat } from '../../kernels/ops/concat/op.ts';
import { fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { maskTime } from '../../kernels/ops/mask-time/op.ts';
import { matmul } from '../../kernels/ops/matmul/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { MixerContext, Recurrence } from '../mixer.ts';
import { type Options, oneOf, whole } from '../options.ts';
import type { StoreView } from '../parameters.ts';
import { Linear } from './linear.ts';
import { pipe } from './pipe.ts';

export interface H3Layout {
  /** Channels of a head, d. */
  headDim: number;
  /** Order of the output's channels; see the head of the file. */
  layout: 'module' | 'fused';
}

export const h3Options: Options<H3Layout> = { headDim: whole(1), layout: oneOf('module', 'fused') };

/** Kernels as (1, channels, taps): of the keys, one per channel, and of the products, one per head. */
export interface H3Kernels {
  keys: Tensor;
  heads: Tensor;
}

export class H3Layer {
  readonly heads: number;
  /** Skip terms (D) and (H). */
  readonly keySkip: Tensor;
  readonly headSkip: Tensor;
  readonly #maps: Record<'q' | 'k' | 'v', Linear>;
  readonly #output: Linear;

  /** Registers everything but the kernels; `keySkip` is the name of D_shift. Both skips ~ N(0, 1). */
  constructor(
    store: StoreView,
    readonly width: number,
    readonly config: H3Layout,
    streams: Streams,
    keySkip: string,
  ) {
    const { headDim } = config;
    if (!(headDim >= 1) || width % headDim !== 0)
      throw new RangeError(`width ${width} is not a multiple of the head dimension ${headDim}: choose a divisor`);
    this.heads = width / headDim;
    const normals = (n: number) => () => streams.get('init').normals(n);
    this.keySkip = store.add(keySkip, normals(width), [width]);
    this.headSkip = store.add('D', normals(this.heads), [this.heads]);
    const map = (name: string) => new Linear(store.at(name), width, width, streams);
    this.#maps = { q: map('q_proj'), k: map('k_proj'), v: map('v_proj') };
    this.#output = map('output_linear');
  }

  /** x (B, L, D) to (B, L, D). */
  forward(t: Tape, x: Tensor, { lengths }: MixerContext, kernels: (length: number) => H3Kernels): Tensor {
    return t.scope(() => {
      const u = lengths ? maskTime(t, x, lengths) : x;
      const { keys, heads } = kernels(x.shape[1]);
      const skip = t.reshape(this.headSkip, [1, this.heads]);
      const o = this.combine(t, u, {
        keys: (k) => this.convolveKeys(t, k, keys),
        products: (S) => fftConv(t, S, heads, skip, { sides: 'causal' }),
      });
      return this.output(t, o);
    });
  }

  /** k (B, d H, L) convolved with the keys' kernel (1, D, taps), plus the skip term. */
  convolveKeys(t: Tape, k: Tensor, kernel: Tensor): Tensor {
    const { inner, skip } = this.ordered(t, kernel);
    return fftConv(t, k, inner, skip, { sides: 'causal' });
  }

  /** The keys' kernel and skip term with channels in the order (j, h). */
  ordered(t: Tape, kernel: Tensor): { inner: Tensor; skip: Tensor } {
    const d = this.config.headDim;
    const shape = [this.heads, d];
    const taps = kernel.shape[2];
    if (d === 1) return { inner: kernel, skip: t.reshape(this.keySkip, [1, this.width]) };
    const inner = permute(t, t.reshape(kernel, [...shape, taps]), [1, 0, 2]);
    const skip = permute(t, t.reshape(this.keySkip, shape), [1, 0]);
    return { inner: t.reshape(inner, [1, this.width, taps]), skip: t.reshape(skip, [1, this.width]) };
  }

  /**
   * Projections and products around two maps along time: `keys` of (B, d H, L), `products` of (B d, H, L). `products`
   * is called d times, for j1 = 0, 1, ... in this order. Returns o (B, d H, L), channels in the order (j2, h).
   */
  combine(t: Tape, u: Tensor, { keys, products }: Record<'keys' | 'products', (x: Tensor) => Tensor>): Tensor {
    const [B, L] = u.shape;
    const { width: D, heads: H } = this;
    const d = this.config.headDim;
    const project = (name: 'q' | 'k' | 'v') => this.#project(t, u, name);
    const mapped = () => t.scope(() => keys(project('k')));
    if (d === 1)
      return pipe(t, u, [() => mul(t, mapped(), project('v')), (S) => products(S), (Y) => mul(t, Y, project('q'))]);
    return t.scope(() => {
      const [k, v, q] = [mapped(), project('v'), project('q')].map((x) => t.reshape(x, [B, d, H, L]));
      const at = (x: Tensor, j: number) => slice(t, x, { axis: 1, start: j, length: 1 });
      const term = (j: number) =>
        pipe(t, k, [
          () => t.reshape(mul(t, at(k, j), v), [B * d, H, L]),
          (S) => t.reshape(products(S), [B, d, H, L]),
          (Y) => mul(t, Y, at(q, j)),
        ]);
      let total = (): Tensor => term(0);
      for (let j = 1; j < d; j++) {
        const before = total;
        total = () => t.scope(() => add(t, before(), term(j)));
      }
      return t.reshape(total(), [B, D, L]);
    });
  }

  /**
   * The layer step by step: the state is the last `taps` - 1 keys and d states of `products`, the recurrence of the
   * heads' convolution with its skip term, (B d, M, H). `keys` is the keys' kernel, (1, D, taps).
   */
  recurrence(home: Tape, keys: Tensor, products: Recurrence): Recurrence {
    const past = keys.shape[2] - 1;
    const { width: D, heads: H } = this;
    const d = this.config.headDim;
    const { inner, skip } = this.ordered(home, keys);
    return {
      start: (batch) => [
        ...(past > 0 ? [home.tensor(new Float64Array(batch * D * past), [batch, D, past])] : []),
        ...Array.from({ length: d }, () => products.start(batch * d)).flat(),
      ],
      advance: (t, x, state) => {
        const [B, M] = x.shape;
        const [y, ...next] = t.scope(() => {
          const [k, v, q] = (['k', 'v', 'q'] as const).map((name) => this.#project(t, x, name));
          const all = past > 0 ? concat(t, [state[0], k], 2) : k;
          const convolved = fftConv(t, all, inner, skip, { sides: 'causal' });
          const mapped = t.reshape(slice(t, convolved, { axis: 2, start: past, length: M }), [B, d, H, M]);
          const [values, queries] = [v, q].map((z) => t.reshape(z, [B, d, H, M]));
          const after: Tensor[] = past > 0 ? [slice(t, all, { axis: 2, start: M, length: past })] : [];
          const rest = state.slice(after.length);
          let o: Tensor | null = null;
          for (let j = 0; j < d; j++) {
            const at = (z: Tensor) => slice(t, z, { axis: 1, start: j, length: 1 });
            const S = permute(t, mul(t, at(mapped), values), [0, 1, 3, 2]);
            const each = rest.length / d;
            const moved = products.advance(t, t.reshape(S, [B * d, M, H]), rest.slice(j * each, (j + 1) * each));
            const term = mul(t, permute(t, t.reshape(moved.y, [B, d, M, H]), [0, 1, 3, 2]), at(queries));
            o = o ? add(t, o, term) : term;
            after.push(...moved.state);
          }
          return [this.output(t, t.reshape(o as Tensor, [B, D, M])), ...after];
        });
        return { y, state: next };
      },
    };
  }

  /** o (B, d H, L) in the order (j2, h) to y (B, L, D). */
  output(t: Tape, o: Tensor): Tensor {
    const { weight, bias } = this.#output;
    const { headDim: d, layout } = this.config;
    const { width: D, heads: H } = this;
    const columns =
      d === 1 || layout === 'module' ? weight : t.reshape(permute(t, t.reshape(weight, [D, H, d]), [0, 2, 1]), [D, D]);
    return matmul(t, o, columns, { transA: true, transB: true, bias });
  }

  /** (B, L, D) to (B, d H, L), channels in the order (j, h). */
  #project(t: Tape, u: Tensor, name: 'q' | 'k' | 'v'): Tensor {
    const [B, L] = u.shape;
    const { width: D, heads: H } = this;
    const d = this.config.headDim;
    return pipe(t, u, [
      (x) => this.#maps[name].forward(t, x),
      (x) => (d === 1 ? permute(t, x, [0, 2, 1]) : permute(t, t.reshape(x, [B, L, H, d]), [0, 3, 2, 1])),
      (x) => t.reshape(x, [B, D, L]),
    ]);
  }
}
