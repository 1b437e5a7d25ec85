/**
 * The next token of a Transformer language model whose keys and values are kept: what a user would set beside a
 * recurrent form. The dense maps are those of one token; its query attends to all kept keys, its own among them (a
 * generator writes them in place, which costs nothing beside reading them all).
 */
import type { Device } from '../../kernels/device/device.ts';
import { add } from '../../kernels/ops/binary/op.ts';
import { embedding } from '../../kernels/ops/embedding/op.ts';
import { flashAttention } from '../../kernels/ops/flash-attention/op.ts';
import { layerNorm } from '../../kernels/ops/layer-norm/op.ts';
import { linear, matmul } from '../../kernels/ops/matmul/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import { gelu } from '../../kernels/ops/unary/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import type { LanguageModel } from '../../models/networks/language-model.ts';

/** Keys and values of one layer, (B, L, h, d) each. */
export type Cache = [keys: Tensor, values: Tensor];

export class CachedAttention {
  /** `model`: pre-norm layers of flash-attention and an exact-GELU MLP, with positions. */
  constructor(
    readonly model: LanguageModel,
    readonly heads: number,
  ) {}

  get layers(): number {
    return this.model.config.blocks.length / 2;
  }

  /** Room for the keys and values of L steps, filled by `value`; the caller disposes of them. */
  room(device: Device, batch: number, L: number, value: () => number): Cache[] {
    const { width } = this.model.config;
    const shape = [batch, L, this.heads, width / this.heads];
    const make = () => Tensor.from(device, Float32Array.from({ length: batch * L * width }, value), shape);
    return Array.from({ length: this.layers }, (): Cache => [make(), make()]);
  }

  /**
   * Tokens i32 (B, M) from step `start` on, to the logits of the last of them, (B, V). Without caches they are a whole
   * sequence, and `keep` is shown the keys and values of every layer; with them M = 1, and they hold its own too.
   */
  logits(
    t: Tape,
    tokens: Tensor,
    start: number,
    caches: Cache[] | null,
    keep: (cache: Cache) => void = () => {},
  ): Tensor {
    const { store, config } = this.model;
    const { width } = config;
    const [B, M] = tokens.shape;
    const at = (name: string) => store.get(name);
    const map = (x: Tensor, name: string) => linear(t, x, at(`${name}.weight`), at(`${name}.bias`));
    const norm = (x: Tensor, name: string) => layerNorm(t, x, at(`${name}.weight`), at(`${name}.bias`), {});
    return t.scope(() => {
      const places = slice(t, at('pos.weight'), { axis: 0, start, length: M });
      let x = add(t, embedding(t, at('encoder.weight'), tokens), places);
      for (let layer = 0; layer < this.layers; layer++) {
        const h = norm(x, `norms.${2 * layer}`);
        const mixer = `mixers.${2 * layer}`;
        const [q, k, v] = ['q', 'k', 'v'].map((id) =>
          t.reshape(map(h, `${mixer}.${id}_proj`), [B, M, this.heads, width / this.heads]),
        );
        if (!caches) keep([k, v]);
        const [keys, values] = caches ? caches[layer] : [k, v];
        const { o } = flashAttention(t, q, keys, values, { causal: !caches });
        x = add(t, x, map(t.reshape(o, [B, M, width]), `${mixer}.out_proj`));
        const mlp = `mixers.${2 * layer + 1}`;
        x = add(t, x, map(gelu(t, map(norm(x, `norms.${2 * layer + 1}`), `${mlp}.fc1`)), `${mlp}.fc2`));
      }
      const last = slice(t, norm(x, 'norm'), { axis: 1, start: M - 1, length: 1 });
      return matmul(t, t.reshape(last, [B, width]), at('encoder.weight'), { transB: true });
    });
  }
}
