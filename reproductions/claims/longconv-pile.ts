/**
 * H3 with long convolutions on the Pile (Fu et al. 2023, "Simple Hardware-Efficient Long Convolutions for Sequence
 * Modeling", arXiv 2302.06646, table of the Pile): where H3 has state spaces, kernels learned directly do as well.
 *
 *   repro longconv-pile --scale desk --task 5b --models h3-long-conv,h3-hybrid,transformer
 *   published, after 5 / 10 / 15 billion tokens: H3 + Long Conv 11.9 / 10.7 / 10.3, H3 11.8 / 10.7 / 10.2, Transformer
 *   12.7 / 11.3 / 10.7; see results/published/pile-perplexity.json for how far they could be confirmed
 *
 * Paper scale: safari's configs/experiment/pile (h3-conv, h3; the Transformer is FlashAttention's gpt3s): 0.5 million
 * tokens a step, one run for each budget, the cosine ending with it. Reconstructed: the Transformer's dropout and
 * betas, which the recipe does not state. Desk scale: the same networks with four layers of 64 channels, one, two and three
 * million tokens, each at the best of five rates on validation data: `repro search longconv-pile`, a fifth of
 * the steps, one seed.
 */
import { languageModelRow } from '../../models/configurations/language-models.ts';
import type { TrainingClaim } from '../claim.ts';
import { claimModels, deskSearch, type LanguageClaimModel, languagePlans, openLanguageData } from '../language.ts';
import { pileBudgets, pileRates, pileTraining } from '../pile.ts';

const models: Record<string, LanguageClaimModel> = {
  'h3-long-conv': {
    ...{ title: 'H3 + Long Conv', published: 'H3 + Long Conv', row: languageModelRow('h3-long-conv-125m') },
    rate: pileRates['h3-long-conv'],
  },
  'h3-hybrid': {
    ...{ title: 'H3 hybrid', published: 'H3 (hybrid)', row: languageModelRow('h3-hybrid-125m') },
    rate: pileRates['h3-hybrid'],
  },
  transformer: {
    ...{ title: 'Transformer', published: 'Transformer', row: languageModelRow('transformer-125m') },
    rate: pileRates.transformer,
  },
};

const plan = languagePlans(models, pileTraining);

const claim: TrainingClaim = {
  kind: 'training',
  id: 'longconv-pile',
  title: 'H3 with long convolutions on the Pile',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'table of the Pile, row "H3 + Long Conv"',
  published: 'pile-perplexity',
  criterion:
    'mean test perplexity over the seeds, at the best validation step, is at most the published one of the same number of tokens plus 0.2',
  tolerance: 0.2,
  subject: 'h3-long-conv',
  models: claimModels(models),
  tasks: Object.fromEntries(Object.entries(pileBudgets).map(([id, { title }]) => [id, title])),
  comparisons: Object.entries(pileBudgets).flatMap(([task, { title }]) => [
    {
      title: `with long convolutions H3 is better than the Transformer, ${title}`,
      one: { task, model: 'h3-long-conv' },
      other: { task, model: 'transformer' },
    },
    {
      title: `long convolutions are within 0.2 of state spaces, ${title}`,
      one: { task, model: 'h3-long-conv' },
      other: { task, model: 'h3-hybrid' },
      within: 0.2,
    },
  ]),
  defaults: {
    smoke: { tasks: ['5b'], models: ['h3-long-conv'] },
    desk: { tasks: ['5b'], models: Object.keys(models) },
    paper: { tasks: Object.keys(pileBudgets), models: Object.keys(models) },
  },
  cost: { smoke: 'seconds', desk: 'up to 10, 20 and 30 minutes a run on one core', paper: 'days on eight A100' },
  openData: (task, scale, options) => openLanguageData('pile', pileTraining(task, scale).length, scale, options),
  plan,
  search: deskSearch('5b', plan),
};
export default claim;
