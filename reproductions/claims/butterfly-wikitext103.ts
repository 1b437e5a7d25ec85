/**
 * Long convolutions in the place of a Transformer's MLPs on WikiText-103 (Fu et al. 2023, "Simple Hardware-Efficient
 * Long Convolutions for Sequence Modeling", arXiv 2302.06646, abstract and table of WikiText-103): with learned
 * butterflies, 0.2 less perplexity with 30 % fewer parameters.
 *
 *   repro butterfly-wikitext103 --scale desk --models long-conv,transformer,transformer-thin
 *   published: Transformer 20.6, long convolution with learned butterflies 20.4; the 0.2 and the 30 % are the
 *   abstract's
 *
 * A learned butterfly is no Fourier transform and its inverse: every output may see every input
 * (`mixers/butterfly.ts`), so a language model of it would be shown the words that it is to predict, and none is built
 * here. The subject is the same network with the exact transform (Long Conv, causal), which tells whether convolutions
 * can take the place of MLPs; the learned one remains not run. No configuration of that run is public: everything but
 * the Transformer and safari's recipe (configs/experiment/wt103/base.yaml) is reconstructed. The parameters agree with
 * the 30 %: 12 layers of 4 H^2 (attention) and H^2 + 1024 H (Long Conv, linear output) beside 12 H^2.
 * `transformer-thin` is a Transformer of as many parameters (at paper scale). Desk scale: four layers of 64 channels,
 * a million tokens of the Brown corpus, each at the best of three rates on validation data: `repro search
 * butterfly-wikitext103`, a fifth of the steps, one seed.
 */
import { languageModelRow } from '../../models/configurations/language-models.ts';
import { mean } from '../../results/statistics.ts';
import type { TrainingClaim } from '../claim.ts';
import { claimModels, deskSearch, type LanguageClaimModel, languagePlans, openLanguageData } from '../language.ts';
import { type Results, usualVerdict, type Verdict } from '../verdict.ts';
import { wikiTextRates, wikiTextTraining } from '../wikitext.ts';

const transformer = languageModelRow('transformer-125m');

const models: Record<string, LanguageClaimModel> = {
  'long-conv': {
    ...{ title: 'Attention and Long Conv', published: 'Long Conv with learned FlashButterfly', row: transformer },
    feedForward: { mixer: 'long-conv', config: { output: 'linear' } },
    rate: wikiTextRates['long-conv'],
  },
  transformer: {
    ...{ title: 'Transformer', published: 'Transformer', row: transformer },
    rate: wikiTextRates.transformer,
  },
  'transformer-thin': {
    ...{ title: 'Transformer, thin MLPs', published: null, row: { ...transformer, inner: 896 } },
    rate: wikiTextRates['transformer-thin'],
  },
};

const learned = 'Long Conv with learned FlashButterfly';

/** That number is of learned transforms, at any scale. */
function verdict(results: Results): Verdict {
  if (results.published?.model !== learned) return usualVerdict(results, 0.2);
  const sentence =
    `perplexity ${mean(results.values).toFixed(2)} with the exact transform: the published number is of learned ones, ` +
    'which see the words that they are to predict';
  return { kind: 'other task', sentence };
}

const plan = languagePlans(models, (_, scale, lr) => wikiTextTraining(scale, lr));

const claim: TrainingClaim = {
  kind: 'training',
  id: 'butterfly-wikitext103',
  title: 'Long convolutions for MLPs on WikiText-103',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'table of WikiText-103, row of the learned butterfly',
  published: 'learned-butterfly-wikitext103',
  criterion:
    'with the exact transform in the place of the learned one, mean test perplexity over the seeds is at most that of the Transformer in the same table, with 30 % fewer parameters',
  tolerance: 0.2,
  subject: 'long-conv',
  models: claimModels(models),
  tasks: { wikitext: 'WikiText-103' },
  comparisons: [
    {
      title: 'Long Conv in the place of the MLPs is better than the Transformer',
      one: { task: 'wikitext', model: 'long-conv' },
      other: { task: 'wikitext', model: 'transformer' },
    },
    {
      title: 'Long Conv in the place of the MLPs is better than a Transformer of its size',
      one: { task: 'wikitext', model: 'long-conv' },
      other: { task: 'wikitext', model: 'transformer-thin' },
    },
  ],
  defaults: {
    smoke: { tasks: ['wikitext'], models: ['long-conv'] },
    desk: { tasks: ['wikitext'], models: ['long-conv', 'transformer', 'transformer-thin'] },
    paper: { tasks: ['wikitext'], models: ['long-conv', 'transformer'] },
  },
  cost: { smoke: 'seconds', desk: 'up to 10 minutes a run on one core', paper: 'days on eight A100' },
  openData: (_, scale, options) => openLanguageData('wikitext-103', wikiTextTraining(scale).length, scale, options),
  plan,
  search: {
    ...{ ...deskSearch, tasks: ['wikitext'] },
    plan: (model, task, rate) => plan(model, task, 'desk', rate),
  },
  verdict,
};
export default claim;
