/** What the two forms of softmax attention share. Formula: `mixers/attention.ts`. */

import type { attention } from '../../kernels/ops/attention/op.ts';
import type { MixerDefinition, System } from '../mixer.ts';
import { flag } from '../options.ts';
import { attentionHeads, type HeadsConfig, headsOptions } from './heads.ts';

export interface AttentionConfig extends HeadsConfig {
  causal: boolean;
}

export function defineAttention(
  id: string,
  title: string,
  op: typeof attention,
  paper: MixerDefinition['paper'],
  system: System,
): MixerDefinition<AttentionConfig> {
  return {
    id,
    title,
    paper,
    kind: 'attention',
    complexity: { sequence: 'L^2', step: null },
    golden: ['attention'],
    systems: [system],
    causal: ({ causal }) => causal,
    defaults: { heads: 8, causal: false, inner: null },
    options: { ...headsOptions, causal: flag },
    build: (store, size, config, streams) =>
      attentionHeads(
        store,
        size,
        config,
        streams,
        (t, q, k, v, { lengths }) => op(t, q, k, v, { causal: config.causal, keyLengths: lengths }).o,
      ),
  };
}
