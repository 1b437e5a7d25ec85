/**
 * Long convolutions in the place of a Transformer's MLPs on WikiText-103 (Fu et al. 2023, "Simple Hardware-Efficient
 * Long Convolutions for Sequence Modeling", arXiv 2302.06646, abstract and table of WikiText-103): with learned
 * butterflies, 0.2 less perplexity with 30 % fewer parameters.
 *
 *   repro butterfly-wikitext103 --scale desk --models butterfly,long-conv,transformer,transformer-thin
 *   published: Transformer 20.6, long convolution with learned butterflies 20.4; the 0.2 and the 30 % are the
 *   abstract's
 *
 * A learned butterfly is no Fourier transform and its inverse: every output may see every input (`mixers/butterfly.ts`), so
 * a language model of it is shown the words that it is to predict. It is trained here as published nevertheless, and every
 * model is tested twice: on the text, and (`unseen-future`) on steps after which the text is another one's, which is the
 * perplexity that it would have when it writes. Of causal models both are the same. Beside it stands the same network with
 * the exact transform (Long Conv, causal), which tells whether convolutions can take the place of MLPs.
 *
 * No configuration of that run is public: everything but the Transformer and safari's recipe
 * (configs/experiment/wt103/base.yaml) is reconstructed. The parameters agree with
 * the 30 %: 12 layers of 4 H^2 (attention) and H^2 + 1024 H (Long Conv, linear output) beside 12 H^2.
 * `transformer-thin` is a Transformer of as many parameters (at paper scale). Desk scale: four layers of 64 channels,
 * a million tokens of the Brown corpus, each at the best of five rates on validation data: `repro search
 * butterfly-wikitext103`, a fifth of the steps, one seed.
 */
import { languageModelRow } from '../../models/configurations/language-models.ts';
import { mean } from '../../results/statistics.ts';
import type { TrainingClaim } from '../claim.ts';
import { unseenFuture } from '../data/language/unseen-future.ts';
import { UsageError } from '../errors.ts';
import { claimModels, deskSearch, type LanguageClaimModel, languagePlans } from '../language.ts';
import { type Results, usualVerdict, type Verdict } from '../verdict.ts';
import { openWikiText, wikiTextRates, wikiTextTraining } from '../wikitext.ts';

const transformer = languageModelRow('transformer-125m');

const models: Record<string, LanguageClaimModel> = {
  butterfly: {
    ...{
      title: 'Attention and learned butterfly',
      published: 'Long Conv with learned FlashButterfly',
      row: transformer,
    },
    feedForward: { mixer: 'butterfly', config: { output: 'linear' } },
    rate: wikiTextRates.butterfly,
  },
  'long-conv': {
    ...{ title: 'Attention and Long Conv', published: null, row: transformer },
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

/** Its perplexity on the text is none: whatever it comes to, it says nothing about a language model. */
function verdict(results: Results): Verdict {
  if (results.published?.model !== learned) return usualVerdict(results, 0.2);
  const sentence =
    `${mean(results.values).toFixed(2)} with the words that follow in sight, so no perplexity of a language model: see ` +
    'the rows of the unseen future';
  return { kind: 'other task', sentence };
}

/** Steps of each test window that are asked for without the true words after them. */
const asked = { smoke: 1, desk: 4, paper: 4 } as const;

const plan = languagePlans(models, (_, scale, lr) => wikiTextTraining(scale, lr));

const claim: TrainingClaim = {
  kind: 'training',
  id: 'butterfly-wikitext103',
  title: 'Long convolutions for MLPs on WikiText-103',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'table of WikiText-103, row of the learned butterfly',
  published: 'learned-butterfly-wikitext103',
  criterion:
    'mean test perplexity over the seeds, of words whose successors are not in sight, is below that of the Transformer in the same tables, with 30 % fewer parameters; the published number itself can be reproduced by no language model',
  tolerance: 0.2,
  subject: 'butterfly',
  models: claimModels(models),
  tasks: { wikitext: 'WikiText-103', 'unseen-future': 'WikiText-103, unseen future' },
  comparisons: [
    ...(['wikitext', 'unseen-future'] as const).map((task) => ({
      title: `learned butterflies in the place of the MLPs are better than the Transformer${task === 'wikitext' ? ', with the future in sight' : ', future unseen'}`,
      one: { task, model: 'butterfly' },
      other: { task, model: 'transformer' },
    })),
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
    smoke: { tasks: ['wikitext'], models: ['butterfly', 'long-conv'] },
    desk: { tasks: ['wikitext'], models: Object.keys(models) },
    paper: { tasks: ['wikitext'], models: ['butterfly', 'long-conv', 'transformer'] },
  },
  cost: { smoke: 'seconds', desk: 'up to 10 minutes a run on one core', paper: 'days on eight A100' },
  openData: (_, scale, options) => openWikiText(scale, options),
  async further(_, _model, scale, options) {
    const data = await openWikiText(scale, options);
    return [{ task: 'unseen-future', rate: 1, data: unseenFuture(data, asked[scale]) }];
  },
  plan(model, task, scale) {
    if (task !== 'wikitext')
      throw new UsageError(`${task} is a test of the models that were trained on wikitext: run that task`);
    return plan(model, task, scale);
  },
  search: deskSearch('wikitext', plan),
  verdict,
};
export default claim;
