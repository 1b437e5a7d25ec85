/**
 * The published language models, as flat data, and the network that one describes: GPT-style blocks (mixer, then MLP,
 * pre-norm, tied embeddings), trained on the Pile at 2048 tokens with the GPT-2 tokenizer.
 *
 * Poli et al. 2023, arXiv 2302.10866, Tables A.3 and A.4 (Hyena); Fu, Dao et al. 2022, arXiv 2212.14052 (H3); Fu et al.
 * 2023, arXiv 2302.06646 (H3 with long convolutions); Brown et al. 2020, arXiv 2005.14165 (the Transformer's sizes).
 *
 * A row holds what its source states. Where the source is silent, the row has our choice and names the field in
 * `reconstructed`. `published` is the size that the papers print beside the model; where ours, counted, differs from it
 * by more than rounding, `difference` says why.
 */
import type { BlockConfig } from '../networks/backbone.ts';
import type { LanguageModelConfig } from '../networks/language-model.ts';

export interface LanguageModelRow {
  id: string;
  title: string;
  /** Repository and file, or paper and table. */
  source: string;
  /** Fields of this row that the source does not state. */
  reconstructed: readonly string[];
  layers: number;
  width: number;
  /** Inner width of the MLP. */
  inner: number;
  /** GPT-2's 50257 tokens, padded to a multiple of 8 as the repositories do. */
  vocabulary: number;
  length: number;
  /** Learned position table; the others have none, in their attention layers neither. */
  positions: boolean;
  mixer: BlockConfig;
  /** Layers (from 0) that are attention instead, their heads, and what they drop of their probabilities (default none). */
  attention: { layers: readonly number[]; heads: number; dropout?: number } | null;
  embedDropout: number;
  /** Sequences per optimiser step, over all devices. */
  batch: number;
  lr: number;
  weightDecay: number;
  betas: readonly [number, number];
  clip: number | null;
  /** Millions, as printed. */
  published: number;
  difference?: string;
  notes?: string;
}

const vocabulary = 50264;
const shared = { vocabulary, length: 2048, batch: 256, weightDecay: 0.1, betas: [0.9, 0.999], clip: 1 } as const;
const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const small = { layers: 12, width: 768, inner: 3072, lr: 6e-4 } as const;
const medium = { layers: 24, width: 1024, inner: 4096, lr: 3e-4 } as const;
const slim = { layers: 18, width: 864, inner: 1728 } as const;

const attention = { mixer: 'flash-attention', config: { causal: true } } as const;
/** Of the hybrids. What drops probabilities has to hold them: the form that materialises its matrix. */
const dropout = 0.1;
const h3 = { mixer: 'h3', config: { states: 64, headDim: 1 } } as const;
const h3LongConv = { mixer: 'h3-long-conv', config: { headDim: 1, lambda: 0.003, kernelDropout: 0.2 } } as const;
const hyena = {
  mixer: 'hyena',
  config: { order: 2, features: 33, filterWidth: 64, frequency: 14, filterLr: null, featureLr: null, layout: 'full' },
} as const;

const stateSpaces = 'the state spaces and the padded table are in our count';

export const languageModels: readonly LanguageModelRow[] = [
  {
    id: 'transformer-125m',
    title: 'Transformer (GPT) 125M',
    source: 'Dao-AILab/flash-attention training/configs/experiment/pile/{base,gpt3s-flash}.yaml',
    reconstructed: ['inner', 'vocabulary', 'embedDropout', 'betas'],
    ...{ ...shared, ...small },
    positions: true,
    mixer: attention,
    attention: { layers: all(12), heads: 12 },
    embedDropout: 0.1,
    published: 125,
  },
  {
    id: 'transformer-355m',
    title: 'Transformer (GPT) 355M',
    source: 'arXiv:2005.14165 Table 2.1 (GPT-3 Medium)',
    reconstructed: ['inner', 'vocabulary', 'embedDropout', 'betas', 'batch', 'clip', 'length'],
    ...{ ...shared, ...medium },
    positions: true,
    mixer: attention,
    attention: { layers: all(24), heads: 16 },
    embedDropout: 0.1,
    published: 355,
  },
  {
    id: 'h3-hybrid-125m',
    title: 'H3 hybrid 125M',
    source: 'HazyResearch/safari configs/experiment/pile/h3.yaml, base.yaml',
    reconstructed: [],
    ...{ ...shared, ...small },
    positions: false,
    mixer: h3,
    attention: { layers: [1, 8], heads: 12, dropout },
    embedDropout: 0.1,
    published: 125,
    difference: `the size of the Transformer that it is compared with; ${stateSpaces}`,
  },
  {
    id: 'h3-hybrid-355m',
    title: 'H3 hybrid 355M',
    source: 'HazyResearch/safari configs/experiment/pile/h3-355m.yaml',
    reconstructed: [],
    ...{ ...shared, ...medium },
    positions: false,
    mixer: h3,
    attention: { layers: [1, 13], heads: 16, dropout },
    embedDropout: 0.1,
    published: 355,
    difference: `the size of the Transformer that it is compared with; ${stateSpaces}`,
  },
  {
    id: 'h3-125m',
    title: 'H3 125M, without attention',
    source: 'HazyResearch/safari configs/experiment/pile/h3.yaml with an empty list of attention layers',
    reconstructed: [],
    ...{ ...shared, ...small },
    positions: false,
    mixer: h3,
    attention: null,
    embedDropout: 0.1,
    published: 125,
    difference: `the size of the Transformer that it is compared with; ${stateSpaces}`,
  },
  {
    id: 'h3-153m',
    title: 'H3 153M, without attention',
    source:
      'arXiv:2302.10866 Table 4.4 (its size only); the widths are those of its Hyena of the same size (Table A.4)',
    reconstructed: ['layers', 'width', 'inner', 'embedDropout', 'lr', 'betas', 'clip'],
    ...{ ...shared, ...slim, lr: 6e-4 },
    positions: false,
    mixer: h3,
    attention: null,
    embedDropout: 0.1,
    published: 153,
    difference:
      "the paper does not print this model's widths; at Hyena's its state spaces are larger than Hyena's filters",
  },
  {
    id: 'h3-long-conv-125m',
    title: 'H3 hybrid + Long Conv 125M',
    source: 'HazyResearch/safari configs/experiment/pile/h3-conv.yaml',
    reconstructed: [],
    ...{ ...shared, ...small },
    positions: false,
    mixer: h3LongConv,
    attention: { layers: [1, 8], heads: 12, dropout },
    embedDropout: 0.1,
    published: 125,
    difference:
      'the size of the Transformer that it is compared with: two kernels of 2048 taps for each of 768 channels in ten layers are 31.5M more',
  },
  {
    id: 'hyena-153m',
    title: 'Hyena 153M',
    source: 'HazyResearch/safari configs/experiment/pile/hyena.yaml; arXiv:2302.10866 Tables A.3 and A.4',
    reconstructed: [],
    ...{ ...shared, ...slim, lr: 6e-4 },
    positions: false,
    mixer: hyena,
    attention: null,
    embedDropout: 0.1,
    published: 153,
    notes: 'The paper states beta2 0.98 and no dropout; the configuration file has 0.999 and 0.1 on the embedding.',
  },
  {
    id: 'hyena-355m',
    title: 'Hyena 355M',
    source: 'arXiv:2302.10866 Tables A.3 and A.4',
    reconstructed: ['embedDropout', 'clip', 'vocabulary'],
    ...{ ...shared, layers: 36, width: 1024, inner: 2048, lr: 4e-4, betas: [0.9, 0.98] },
    positions: false,
    mixer: hyena,
    attention: null,
    embedDropout: 0,
    published: 355,
    difference:
      'the size of GPT-3 Medium, with which it is compared; filters, their features and the padded table are in our count',
  },
];

export function languageModelRow(id: string): LanguageModelRow {
  const row = languageModels.find((r) => r.id === id);
  if (!row)
    throw new RangeError(
      `there is no language model "${id}": choose one of ${languageModels.map((r) => r.id).join(', ')}`,
    );
  return row;
}

function attentionOf({ heads, dropout = 0 }: NonNullable<LanguageModelRow['attention']>): BlockConfig {
  const config = { ...attention.config, heads };
  return dropout ? { mixer: 'attention', config: { ...config, attentionDropout: dropout } } : { ...attention, config };
}

/** The network of a row; `length` overrides its longest sequence. */
export function languageModelNetwork(row: LanguageModelRow, length = row.length): LanguageModelConfig {
  const { layers, width, inner, vocabulary, positions, embedDropout } = row;
  const mlp = { mixer: 'mlp', config: { inner, activation: 'gelu-tanh' } };
  const blocks = all(layers).flatMap((i): BlockConfig[] => {
    const attends = row.attention?.layers.includes(i) ? attentionOf(row.attention) : null;
    return [attends ?? row.mixer, mlp];
  });
  const residual = { norm: 'layer', prenorm: true, dropout: 0, tiedDropout: false } as const;
  return { blocks, width, length, vocabulary, positions, embedDropout, start: 'gpt-2', ...residual };
}
