/**
 * Hyena on the Pile (Poli et al. 2023, "Hyena Hierarchy: Towards Larger Convolutional Language Models", arXiv
 * 2302.10866, table 4.4): a model without attention reaches the perplexity of a GPT of its size with fewer operations.
 *
 *   repro hyena-pile --scale desk --task 5b --models hyena,transformer,h3
 *   published, after 5 / 10 / 15 billion tokens: GPT 13.3 / 11.9 / 11.2, Hyena 13.3 / 11.8 / 11.1 (the authors' blog
 *   has 13.1 at 5), H3 without attention 14.8 / 13.5 / 12.3
 *
 * Paper scale: safari's configs/experiment/pile/hyena.yaml and the paper's tables A.3 and A.4 (18 layers of 864
 * channels); where they differ, the file: betas 0.9 and 0.999, a tenth of the embedding dropped. One run for each
 * budget, the cosine ending with it. Reconstructed: the widths of H3, of which the paper prints the size alone; the
 * Transformer's dropout and betas. Desk scale: four layers of 64 channels for the Transformer, six of half the MLP for
 * the others, as published in proportion; one, two and three million tokens, each at the best of five rates on
 * validation data: `repro search hyena-pile`, a fifth of the steps, one seed. The Transformer is longconv-pile's.
 */
import { languageModelRow } from '../../models/configurations/language-models.ts';
import type { TrainingClaim } from '../claim.ts';
import { claimModels, deskSearch, type LanguageClaimModel, languagePlans, openLanguageData } from '../language.ts';
import { pileBudgets, pileRates, pileTraining } from '../pile.ts';

const models: Record<string, LanguageClaimModel> = {
  hyena: { title: 'Hyena', published: 'Hyena-2', row: languageModelRow('hyena-153m'), rate: pileRates.hyena },
  transformer: {
    ...{ title: 'Transformer (GPT)', published: 'GPT', row: languageModelRow('transformer-125m') },
    rate: pileRates.transformer,
  },
  h3: { title: 'H3 without attention', published: 'Pure H3', row: languageModelRow('h3-153m'), rate: pileRates.h3 },
};

const plan = languagePlans(models, pileTraining);

const claim: TrainingClaim = {
  kind: 'training',
  id: 'hyena-pile',
  title: 'Hyena on the Pile',
  paper: { title: 'Hyena Hierarchy: Towards Larger Convolutional Language Models', arxiv: '2302.10866' },
  table: 'table 4.4, row Hyena-2 (153M)',
  published: 'hyena-pile',
  criterion:
    'mean test perplexity over the seeds, at the best validation step, is at most the published one of the same number of tokens plus 0.2',
  tolerance: 0.2,
  subject: 'hyena',
  models: claimModels(models),
  tasks: Object.fromEntries(Object.entries(pileBudgets).map(([id, { title }]) => [id, title])),
  comparisons: Object.entries(pileBudgets).flatMap(([task, { title }]) => [
    {
      title: `Hyena is within 0.2 of the Transformer, ${title}`,
      one: { task, model: 'hyena' },
      other: { task, model: 'transformer' },
      within: 0.2,
    },
    {
      title: `Hyena is better than H3 without attention, ${title}`,
      one: { task, model: 'hyena' },
      other: { task, model: 'h3' },
    },
  ]),
  shares: [{ claim: 'longconv-pile', tasks: { '5b': '5b', '10b': '10b', '15b': '15b' }, models: ['transformer'] }],
  defaults: {
    smoke: { tasks: ['5b'], models: ['hyena'] },
    desk: { tasks: ['5b'], models: Object.keys(models) },
    paper: { tasks: Object.keys(pileBudgets), models: Object.keys(models) },
  },
  cost: { smoke: 'seconds', desk: 'up to 10, 20 and 30 minutes a run on one core', paper: 'days on eight A100' },
  openData: (task, scale, options) => openLanguageData('pile', pileTraining(task, scale).length, scale, options),
  plan,
  search: deskSearch('5b', plan),
};
export default claim;
