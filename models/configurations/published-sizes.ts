/**
 * Parameter counts that papers and public code state, beside those of the same configurations built here. A published
 * "267K" is met when ours rounds to it; a difference says where it comes from.
 */
import { PhantomDevice } from '../../kernels/device/phantom.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import sgconv from '../mixers/sgconv.ts';
import type { BlockConfig } from '../networks/backbone.ts';
import { type ClassifierConfig, countParameters } from '../networks/classifier.ts';
import { estimateLanguageModel } from '../networks/language-model.ts';
import { ParameterStore } from '../parameters.ts';
import { languageModelNetwork, languageModels } from './language-models.ts';
import { lraNetwork } from './lra-published.ts';
import { megaAblation } from './published/mega-ablation.ts';

export interface PublishedSize {
  /** The claim (`results/published`) and the model as its rows call it. */
  claim: string;
  model: string;
  /** As printed. */
  published: string;
  /** Where the configuration is stated. */
  source: string;
  /** The number of trained reals of that configuration here. */
  count(): Promise<number>;
  /** Why ours is another number, if it is. */
  difference?: string;
}

interface Size {
  layers: number;
  width: number;
  classes: number;
  norm?: 'layer' | 'batch';
}

const network = (block: BlockConfig, { layers, width, classes, norm = 'batch' }: Size): ClassifierConfig => ({
  blocks: Array.from({ length: layers }, () => block),
  width,
  length: 1024,
  input: { kind: 'real', dims: 1 },
  classes,
  norm,
  prenorm: true,
  dropout: 0,
  tiedDropout: false,
  positions: false,
  pool: 'mean',
  head: { kind: 'linear' },
});

const count = (mixer: string, config: object, size: Size) => () => countParameters(network({ mixer, config }, size));

const small: Size = { layers: 4, width: 128, classes: 10 };
const speech: Size = { layers: 6, width: 128, classes: 35 };
const twoSided = { states: 64, bidirectional: true };
const shared = { ...twoSided, copies: 2 };

const ablationSizes = Object.values(megaAblation).map(
  ({ name, parameters, row }): PublishedSize => ({
    claim: 'mega-ssm-ablation',
    model: name,
    published: parameters,
    source: `github:${row.source}`,
    count: () => countParameters(lraNetwork(row)),
  }),
);

const languageModelSizes = languageModels.map(
  (row): PublishedSize => ({
    claim: row.mixer.mixer.startsWith('h3') ? 'h3-pile' : 'hyena-pile',
    model: row.title,
    published: `${row.published}M`,
    source: row.source,
    count: async () => (await estimateLanguageModel(languageModelNetwork(row))).parameters,
    difference: row.difference,
  }),
);

export const publishedSizes: readonly PublishedSize[] = [
  ...ablationSizes,
  {
    claim: 'speech-commands',
    model: 'S4-LegS',
    published: '307K',
    source: 'github:state-spaces/s4 configs/experiment/sc/s4-sc.yaml',
    count: count('s4', shared, speech),
  },
  {
    claim: 'speech-commands',
    model: 'S4D-Lin',
    published: '306K',
    source: 'github:state-spaces/s4 configs/experiment/sc/s4-sc.yaml, diagonal',
    count: count('s4d', shared, speech),
  },
  {
    claim: 'scifar-1d',
    model: 'S4D minimal (200K params)',
    published: '200K',
    source: 'github:state-spaces/s4 configs/experiment/cifar/s4d-minimal-cifar.yaml',
    count: count('s4d', { states: 64 }, small),
    difference:
      'the minimal file fixes B = 1; here B is trained (2 x 32 x 128 a layer), and inputs have 1 channel, not 3',
  },
  {
    claim: 'memory-1m',
    model: 'SGConv layer',
    published: '262144',
    source: 'github:ctlllll/SGConv test.ipynb (kernel parameters of one layer, 1,000,000 steps)',
    count: async () => sgconvKernelSize(256, 1_000_000, 32),
  },
  {
    claim: 'speech-commands',
    model: 'Liquid-S4',
    published: '224K',
    source: 'arXiv 2209.12951, Tables S1 and 4 (state 7, of which the code stores 3 pairs)',
    count: count('liquid-s4', { states: 6 }, speech),
    difference: "the paper's system has low-rank vectors, 2 x 3 x 128 reals a layer, which the diagonal one here lacks",
  },
  ...languageModelSizes,
];

/** Trained numbers of the kernel of one two-sided SGConv layer. */
function sgconvKernelSize(width: number, length: number, kernelDim: number): number {
  const store = new ParameterStore(new PhantomDevice(), false);
  const size = { width, length, layers: 1, dropout: 0, tiedDropout: false };
  sgconv.build(store.at('layer'), size, { ...sgconv.defaults, kernelDim, bidirectional: true }, new Streams(0));
  return store.get('layer.kernel_list').size;
}

/** Whether `n` rounds, or is cut off, to the published text: "267K", "3.96M", "262144". */
export function matchesPublished(n: number, published: string): boolean {
  const parts = /^(\d+(?:\.\d+)?)([KMB]?)$/.exec(published);
  if (!parts)
    throw new RangeError(`a published size is a number with K, M, B or nothing behind it, not "${published}"`);
  const unit = { '': 1, K: 1e3, M: 1e6, B: 1e9 }[parts[2]] as number;
  const decimals = parts[1].split('.')[1]?.length ?? 0;
  const place = 10 ** decimals;
  return (
    (n / unit).toFixed(decimals) === parts[1] || (Math.floor((n / unit) * place) / place).toFixed(decimals) === parts[1]
  );
}
