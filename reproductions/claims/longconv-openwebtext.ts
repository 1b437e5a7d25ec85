/**
 * H3 with long convolutions on OpenWebText (Fu et al. 2023, "Simple Hardware-Efficient Long Convolutions for Sequence
 * Modeling", arXiv 2302.06646; the other rows are of Fu, Dao et al. 2022, arXiv 2212.14052, table 3), at the size of
 * GPT-2 small after 50 billion tokens.
 *
 *   repro longconv-openwebtext --scale desk --models h3-long-conv,h3-hybrid,h3,transformer
 *   published: H3 + Long Conv, Geom 19.9, Rand 20.1; H3 hybrid 19.6, GSS hybrid 19.8, Transformer 20.6, H3 21.0, GSS
 *   24.0, S4D 24.9; see results/published/openwebtext-perplexity.json for how far they could be confirmed
 *
 * Paper scale: 100,000 steps of 512 windows of 1,024 tokens. Reconstructed: the batch (that of FlashAttention's
 * recipe), the warm-up (safari's hundredth), the places of attention (safari's 1 and 8), what S4D and GSS are (H3's
 * network with their mixer; a GSS layer has no MLP after it). Desk scale: four layers of 64 channels, a million
 * tokens, at the rates that `repro search longconv-pile` and `repro search hyena-pile` chose for these mixers on the same
 * stand-in; GSS and S4D were not searched there (`repro search longconv-openwebtext` does).
 */
import { type LanguageModelRow, languageModelRow } from '../../models/configurations/language-models.ts';
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

const longConv = languageModelRow('h3-long-conv-125m');
const hybrid = languageModelRow('h3-hybrid-125m');
const pure = languageModelRow('h3-125m');
const geometric: LanguageModelRow = {
  ...longConv,
  mixer: { ...longConv.mixer, config: { ...longConv.mixer.config, init: 'geometric' } },
};
const s4d = { mixer: 's4d', config: { states: 64, init: 'inv', copies: 1, output: 'linear' } };
const gss = { mixer: 'gss', config: {} };

const models: Record<string, LanguageClaimModel> = {
  'h3-long-conv': {
    ...{ title: 'H3 + Long Conv, Geom', published: 'H3 hybrid + Long Conv, Geom', row: geometric },
    rate: pileRates['h3-long-conv'],
  },
  'h3-long-conv-random': {
    ...{ title: 'H3 + Long Conv, Rand', published: 'H3 hybrid + Long Conv, Rand', row: longConv },
    rate: pileRates['h3-long-conv'],
  },
  'h3-hybrid': {
    ...{ title: 'H3 hybrid', published: 'H3 hybrid (2 attn)', row: hybrid },
    rate: pileRates['h3-hybrid'],
  },
  'gss-hybrid': { title: 'GSS hybrid', published: 'GSS hybrid (2 attn)', row: { ...hybrid, mixer: gss } },
  transformer: {
    ...{ title: 'Transformer', published: 'Transformer', row: languageModelRow('transformer-125m') },
    rate: pileRates.transformer,
  },
  h3: { title: 'H3', published: 'H3', row: pure, rate: pileRates.h3 },
  gss: { title: 'GSS', published: 'GSS', row: { ...pure, mixer: gss } },
  s4d: { title: 'S4D', published: 'S4D', row: { ...pure, mixer: s4d } },
};

const trainings: Record<Scale, (lr?: number) => Training> = {
  smoke: () => smokeTraining,
  desk: (lr) => deskTraining(deskTokens, lr),
  paper: () => ({
    ...{ length: 1024, batch: 512, steps: 100_000, warmup: 1000, evaluateEvery: 2000, evaluationBatch: 32 },
  }),
};

const plan = languagePlans(models, (_, scale, lr) => trainings[scale](lr));

const claim: TrainingClaim = {
  kind: 'training',
  id: 'longconv-openwebtext',
  title: 'H3 with long convolutions on OpenWebText',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'table of OpenWebText, row "H3 + Long Conv, Geom"',
  published: 'openwebtext-perplexity',
  criterion:
    'mean test perplexity over the seeds, at the best validation step, is at most the published one plus 0.2 (test = validation, as published)',
  tolerance: 0.2,
  subject: 'h3-long-conv',
  models: claimModels(models),
  tasks: { openwebtext: 'OpenWebText' },
  comparisons: [
    {
      title: 'with long convolutions H3 is better than the Transformer',
      one: { task: 'openwebtext', model: 'h3-long-conv' },
      other: { task: 'openwebtext', model: 'transformer' },
    },
    {
      title: 'H3 with attention in two layers is better than the Transformer',
      one: { task: 'openwebtext', model: 'h3-hybrid' },
      other: { task: 'openwebtext', model: 'transformer' },
    },
    {
      title: 'H3 without attention is better than S4D',
      one: { task: 'openwebtext', model: 'h3' },
      other: { task: 'openwebtext', model: 's4d' },
    },
    {
      title: 'H3 without attention is better than GSS',
      one: { task: 'openwebtext', model: 'h3' },
      other: { task: 'openwebtext', model: 'gss' },
    },
  ],
  shares: [
    {
      ...{ claim: 'longconv-pile', tasks: { '5b': 'openwebtext' }, models: ['h3-hybrid', 'transformer'] },
      data: 'pile-mini',
    },
  ],
  defaults: {
    smoke: { tasks: ['openwebtext'], models: ['h3-long-conv'] },
    desk: { tasks: ['openwebtext'], models: ['h3-long-conv', 'h3-hybrid', 'h3', 'transformer'] },
    paper: { tasks: ['openwebtext'], models: ['h3-long-conv', 'h3-hybrid', 'transformer'] },
  },
  cost: { smoke: 'seconds', desk: 'up to 10 minutes a run on one core', paper: 'weeks on eight A100' },
  openData: (_, scale, options) => openLanguageData('openwebtext', trainings[scale]().length, scale, options),
  plan,
  search: deskSearch('openwebtext', plan),
};
export default claim;
