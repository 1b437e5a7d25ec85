/**
 * The two-layer language models that are trained on synthetic languages: one table of mixers for every claim about them.
 *
 *   embedding (+ positions for attention), 2 x (mixer, MLP of 4 H with GELU's tanh form), pre-norm, tied embeddings
 *
 * HazyResearch/safari, configs/experiment/synthetics and src/models/sequence/simple_lm.py (`lm_simple`): H3, S4D and
 * attention as the configurations there say; Hyena as associative_recall/hyena-131k-30vs.yaml. The other mixers have no
 * published configuration for these tasks: they stand in the same network with their own defaults.
 */
import type { BlockConfig } from '../networks/backbone.ts';
import type { LanguageModelConfig } from '../networks/language-model.ts';

export interface SyntheticMixer {
  /** As tables print it. */
  title: string;
  /**
   * The mixer; `lr` is the run's rate, of which state spaces and filters take what their configuration says;
   * `attentionDropout`: what attention drops of its probabilities.
   */
  block(lr: number, attentionDropout: number): BlockConfig;
  /** Sub-block after the mixer; default: the MLP. null: the mixer has its own. */
  feedForward?: ((width: number) => BlockConfig) | null;
  /** A learned table of positions. */
  positions?: boolean;
  source: string;
  /** What the source does not state, or what differs from it. */
  reconstructed: readonly string[];
}

const safari = 'HazyResearch/safari configs/experiment/synthetics';
/** `min(0.001, optimizer.lr)`, the rate that safari gives to the parameters of a state space. */
const kernelRate = (lr: number): number => Math.min(0.001, lr);

export const syntheticMixers = {
  attention: {
    title: 'Attention',
    block: (_, attentionDropout) =>
      attentionDropout
        ? { mixer: 'attention', config: { heads: 1, causal: true, attentionDropout } }
        : { mixer: 'flash-attention', config: { heads: 1, causal: true } },
    positions: true,
    source: `${safari}/*/transformer.yaml`,
    reconstructed: [],
  },
  h3: {
    title: 'H3',
    block: (lr) => ({ mixer: 'h3', config: { states: 64, headDim: 1, lr: kernelRate(lr) } }),
    source: `${safari}/*/h3.yaml and configs/model/layer/h3.yaml`,
    reconstructed: [],
  },
  'h3-long-conv': {
    title: 'H3 + Long Conv',
    block: (lr) => ({
      mixer: 'h3-long-conv',
      config: { headDim: 1, lambda: 0.003, kernelDropout: 0.2, lr: kernelRate(lr) },
    }),
    source: 'HazyResearch/safari configs/model/layer/h3-conv.yaml, in the network of the synthetics',
    reconstructed: ['the paper trained it on text alone'],
  },
  hyena: {
    title: 'Hyena',
    block: () => ({
      mixer: 'hyena',
      config: {
        ...{ order: 2, features: 5, filterWidth: 64, frequency: 10, filterLr: null, featureLr: 0, layout: 'full' },
      },
    }),
    source: `${safari}/associative_recall/hyena-131k-30vs.yaml and configs/model/layer/hyena.yaml`,
    reconstructed: [],
  },
  s4: {
    title: 'S4',
    block: (lr) => ({ mixer: 's4', config: { output: 'linear', lr: rates(lr) } }),
    source: 'none',
    reconstructed: ['everything but the network'],
  },
  s4d: {
    title: 'S4D',
    block: (lr) => ({ mixer: 's4d', config: { states: 64, init: 'inv', copies: 1, output: 'linear', lr: rates(lr) } }),
    source: `${safari}/*/s4d.yaml and src/models/sequence/ssm/s4d.py`,
    reconstructed: ['B is trained beside C and starts at 1; there both are one parameter of a random start'],
  },
  dss: {
    title: 'DSS',
    block: (lr) => ({ mixer: 'dss', config: { version: 'exp', output: 'linear', lr: dssRates(lr) } }),
    source: 'none',
    reconstructed: ['everything but the network'],
  },
  gss: {
    title: 'Gated State Spaces',
    block: () => ({ mixer: 'gss' }),
    feedForward: null,
    source: 'arXiv:2206.13947 for the layer',
    reconstructed: ['that two of its layers, which have their own wide gate and no MLP, are a two-layer model'],
  },
  'long-conv': {
    title: 'Long Conv',
    block: (lr) => ({ mixer: 'long-conv', config: { output: 'linear', lr: kernelRate(lr) } }),
    source: 'none',
    reconstructed: ['everything but the network'],
  },
  rwkv: {
    title: 'RWKV-4',
    block: () => ({ mixer: 'rwkv' }),
    feedForward: (width) => ({ mixer: 'rwkv-channel-mix', config: { inner: 4 * width } }),
    source: 'none',
    reconstructed: ['everything but the network; its maps start from its own values, most of which are zero'],
  },
  'linear-attention': {
    title: 'Linear attention',
    block: () => ({ mixer: 'linear-attention', config: { heads: 1, causal: true } }),
    positions: true,
    source: 'none',
    reconstructed: ['everything but the network'],
  },
} as const satisfies Record<string, SyntheticMixer>;
export type SyntheticModel = keyof typeof syntheticMixers;

function rates(lr: number) {
  const rate = kernelRate(lr);
  return { dt: rate, A: rate, B: rate };
}
function dssRates(lr: number) {
  const rate = kernelRate(lr);
  return { dt: rate, Lambda: rate, W: rate };
}

export interface SyntheticSize {
  layers: number;
  width: number;
  vocabulary: number;
  /** Longest sequence. */
  length: number;
  /** Of the embedded sequence. */
  embedDropout: number;
  /** Of the probabilities of attention. Default 0. */
  attentionDropout?: number;
  /** Default: GPT-2's, as published. */
  start?: LanguageModelConfig['start'];
}

/** The network around a mixer; `lr` is the run's rate. */
export function syntheticNetwork(model: SyntheticModel, size: SyntheticSize, lr: number): LanguageModelConfig {
  const { layers, start = 'gpt-2', attentionDropout = 0, ...sizes } = size;
  const found: SyntheticMixer = syntheticMixers[model];
  const mlp = (width: number): BlockConfig => ({
    mixer: 'mlp',
    config: { inner: 4 * width, activation: 'gelu-tanh' },
  });
  const after = found.feedForward === undefined ? mlp : found.feedForward;
  const layer = [found.block(lr, attentionDropout), ...(after ? [after(size.width)] : [])];
  return {
    ...{ blocks: Array.from({ length: layers }, () => layer).flat(), ...sizes },
    ...{ norm: 'layer', prenorm: true, dropout: 0, tiedDropout: false },
    ...{ positions: found.positions === true, start },
  };
}
