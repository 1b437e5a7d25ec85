/** What the two forms of softmax attention share. Formula: `mixers/attention.ts`. */
import type { AttentionOptions } from '../../kernels/ops/attention/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { MixerDefinition, System } from '../mixer.ts';
import { flag, type Options } from '../options.ts';
import { attentionHeads, type HeadsConfig, headsOptions } from './heads.ts';

export interface AttentionConfig extends HeadsConfig {
  causal: boolean;
}

/** One form: (B, L, h, d) from queries, keys and values of that shape. */
export type AttentionForm<C> = (
  t: Tape,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions,
  config: C,
) => Tensor;

/** `own`: what a form has beside the options of both. */
export interface OwnOptions<E extends object> {
  defaults: E;
  options: Options<E>;
}

export function defineAttention<E extends object>(
  id: string,
  title: string,
  form: AttentionForm<AttentionConfig & E>,
  own: OwnOptions<E>,
  paper: MixerDefinition['paper'],
  system: System,
): MixerDefinition<AttentionConfig & E> {
  return {
    id,
    title,
    paper,
    kind: 'attention',
    complexity: { sequence: 'L^2', step: null },
    golden: ['attention'],
    systems: [system],
    causal: ({ causal }) => causal,
    defaults: { heads: 8, causal: false, inner: null, ...own.defaults },
    options: { ...headsOptions, causal: flag, ...own.options } as Options<AttentionConfig & E>,
    build: (store, size, config, streams) =>
      attentionHeads(store, size, config, streams, (t, q, k, v, { lengths }) =>
        form(t, q, k, v, { causal: config.causal, keyLengths: lengths }, config),
      ),
  };
}
