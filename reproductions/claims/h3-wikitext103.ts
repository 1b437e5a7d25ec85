/**
 * H3 on WikiText-103 (Fu, Dao et al. 2022, "Hungry Hungry Hippos: Towards Language Modeling with State Space Models",
 * arXiv 2212.14052; the numbers are those that Poli et al. 2023, arXiv 2302.10866, table 4.3, take from it): the hybrid
 * is as good as a Transformer of its size that is trained on the same text.
 *
 *   repro h3-wikitext103 --scale desk --models h3-hybrid,h3,transformer
 *   published at 125M: H3 hybrid 18.5, Transformer 18.6
 *
 * Paper scale: safari's configs/experiment/wt103/{base,h3}.yaml: raw text, GPT-2's tokens, windows of 1,024, batch 512,
 * 100 epochs, attention in layers 1 and 8. Reconstructed: the Transformer's dropout and betas. H3's paper also tests
 * weights that were trained on the Pile (23.7 at 125M): another task, not judged here. Desk scale: four layers of 64
 * channels, a million tokens of the Brown corpus; the Transformer at the rate that `repro search butterfly-wikitext103`
 * chose, the others at one that was chosen for none of them (`repro search h3-wikitext103` does).
 */
import { languageModelRow } from '../../models/configurations/language-models.ts';
import type { TrainingClaim } from '../claim.ts';
import { claimModels, deskSearch, type LanguageClaimModel, languagePlans } from '../language.ts';
import { openWikiText, wikiTextRates, wikiTextTraining } from '../wikitext.ts';

const models: Record<string, LanguageClaimModel> = {
  'h3-hybrid': { title: 'H3 hybrid', published: 'Hybrid H3', row: languageModelRow('h3-hybrid-125m') },
  transformer: {
    ...{ title: 'Transformer', published: 'Transformer', row: languageModelRow('transformer-125m') },
    rate: wikiTextRates.transformer,
  },
  h3: { title: 'H3 without attention', published: null, row: languageModelRow('h3-125m') },
};

const plan = languagePlans(models, (_, scale, lr) => wikiTextTraining(scale, lr));

const claim: TrainingClaim = {
  kind: 'training',
  id: 'h3-wikitext103',
  title: 'H3 hybrid on WikiText-103',
  paper: { title: 'Hungry Hungry Hippos: Towards Language Modeling with State Space Models', arxiv: '2212.14052' },
  table: 'row "Hybrid H3" of table 4.3 in arXiv 2302.10866',
  published: 'hyena-wikitext103',
  criterion: 'mean test perplexity over the seeds, at the best validation step, is at most the published one plus 0.2',
  tolerance: 0.2,
  subject: 'h3-hybrid',
  models: claimModels(models),
  tasks: { wikitext: 'WikiText-103' },
  comparisons: [
    {
      title: 'the hybrid is within 0.2 of the Transformer',
      one: { task: 'wikitext', model: 'h3-hybrid' },
      other: { task: 'wikitext', model: 'transformer' },
      within: 0.2,
    },
    {
      title: 'the hybrid is better than H3 without attention',
      one: { task: 'wikitext', model: 'h3-hybrid' },
      other: { task: 'wikitext', model: 'h3' },
    },
  ],
  shares: [
    { claim: 'butterfly-wikitext103', tasks: { wikitext: 'wikitext' }, models: ['transformer'] },
    { claim: 'hyena-wikitext103', tasks: { wikitext: 'wikitext' }, models: ['transformer', 'h3-hybrid'] },
  ],
  defaults: {
    smoke: { tasks: ['wikitext'], models: ['h3-hybrid'] },
    desk: { tasks: ['wikitext'], models: ['h3-hybrid', 'h3', 'transformer'] },
    paper: { tasks: ['wikitext'], models: ['h3-hybrid', 'transformer'] },
  },
  cost: { smoke: 'seconds', desk: 'up to 10 minutes a run on one core', paper: 'days on eight A100' },
  openData: (_, scale, options) => openWikiText(scale, options),
  plan,
  search: deskSearch('wikitext', plan),
};
export default claim;
