/**
 * H3 on the Pile (Fu, Dao et al. 2022, "Hungry Hungry Hippos: Towards Language Modeling with State Space Models", arXiv
 * 2212.14052, table 4): with two layers of attention it is better than a Transformer of its size trained on as much.
 *
 *   repro h3-pile --scale desk --models h3-hybrid,transformer
 *   published at 125M: H3 hybrid 8.8, GPT-Neo 9.4; see results/published/h3-pile.json for the sizes above
 *
 * Paper scale: safari's configs/experiment/pile/h3.yaml: 800,000 steps of half a million tokens (400 billion), a cosine
 * of 600,000 steps. The paper's Transformer is GPT-Neo as others had trained it; ours is trained like H3.
 * Reconstructed: which layers attend (1 and 8 in that file; the released weights have other places), the Transformer's
 * dropout and betas. The table's zero-shot columns (OpenWebText, WikiText-103) test the same weights on other text: not
 * judged here. Desk scale: four layers of 64 channels, a million tokens; the hybrid and the Transformer are those of longconv-pile, at
 * the rates that its search chose; H3 without attention has the rate that was best for hyena-pile's.
 */
import { languageModelRow } from '../../models/configurations/language-models.ts';
import type { Scale, TrainingClaim } from '../claim.ts';
import {
  claimModels,
  deskSearch,
  deskTokens,
  deskTraining,
  type LanguageClaimModel,
  languagePlans,
  openLanguageData,
  smokeTraining,
  type Training,
} from '../language.ts';
import { pileRates } from '../pile.ts';

const size = { parameters: '125M' };
const models: Record<string, LanguageClaimModel> = {
  'h3-hybrid': {
    ...{ title: 'H3 hybrid', published: 'H3 hybrid', details: size, row: languageModelRow('h3-hybrid-125m') },
    rate: pileRates['h3-hybrid'],
  },
  transformer: {
    ...{ title: 'Transformer', published: 'GPT-Neo', details: size, row: languageModelRow('transformer-125m') },
    rate: pileRates.transformer,
  },
  h3: { title: 'H3 without attention', published: null, row: languageModelRow('h3-125m'), rate: pileRates.h3 },
};

const trainings: Record<Scale, (lr?: number) => Training> = {
  smoke: () => smokeTraining,
  desk: (lr) => deskTraining(deskTokens, lr),
  paper: () => ({
    ...{ length: 2048, batch: 256, steps: 800_000, total: 600_000, warmup: 8000 },
    ...{ evaluateEvery: 10_000, evaluationBatch: 16 },
  }),
};

const plan = languagePlans(models, (_, scale, lr) => trainings[scale](lr));

const claim: TrainingClaim = {
  kind: 'training',
  id: 'h3-pile',
  title: 'H3 hybrid on the Pile',
  paper: { title: 'Hungry Hungry Hippos: Towards Language Modeling with State Space Models', arxiv: '2212.14052' },
  table: 'table 4, row "H3 hybrid", 125M',
  published: 'h3-pile',
  criterion:
    'mean test perplexity over the seeds, at the best validation step, is at most the published one of the same size plus 0.2',
  tolerance: 0.2,
  subject: 'h3-hybrid',
  models: claimModels(models),
  tasks: { pile: 'Pile' },
  comparisons: [
    {
      title: 'the hybrid is better than the Transformer',
      one: { task: 'pile', model: 'h3-hybrid' },
      other: { task: 'pile', model: 'transformer' },
    },
  ],
  shares: [{ claim: 'longconv-pile', tasks: { '5b': 'pile' }, models: ['transformer', 'h3-hybrid'] }],
  defaults: {
    smoke: { tasks: ['pile'], models: ['h3-hybrid'] },
    desk: { tasks: ['pile'], models: ['h3-hybrid', 'transformer'] },
    paper: { tasks: ['pile'], models: ['h3-hybrid', 'transformer'] },
  },
  cost: { smoke: 'seconds', desk: 'up to 10 minutes a run on one core', paper: 'months on eight A100' },
  openData: (_, scale, options) => openLanguageData('pile', trainings[scale]().length, scale, options),
  plan,
  search: deskSearch('pile', plan),
};
export default claim;
