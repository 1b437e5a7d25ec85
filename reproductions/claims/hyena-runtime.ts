/**
 * From which length on the Hyena operator is faster than attention (Poli et al. 2023, "Hyena Hierarchy", arXiv
 * 2302.10866, section 4.4, figure 4.3): order 2, batch 64, width 768 on an A100.
 *
 *   repro hyena-runtime --scale desk
 *   published: crossover at 2048 steps with attention, at 4096 to 8196 with FlashAttention; at 8192 steps 5 times as
 *              fast as attention and twice as fast as FlashAttention, at 65536 100 times
 */
import type { Claim } from '../claim.ts';
import { crossing, ratioRow, speedups, timeRows } from '../measure/ratios.ts';
import { suiteObservations } from '../measure/suite.ts';

const rivals = { attention: 'attention', 'flash-attention': 'flash attention' };
const pass = 'forward';
const at = (length: number) => ({ least: length, most: length });

const claim: Claim = {
  kind: 'measurement',
  id: 'hyena-runtime',
  title: 'Hyena operator against attention',
  paper: { title: 'Hyena Hierarchy: Towards Larger Convolutional Language Models', arxiv: '2302.10866' },
  table: 'section 4.4, figure 4.3',
  published: 'hyena-runtime',
  criterion:
    'forward, Hyena of order 2 is faster than attention and flash attention at 8192 steps, and than flash attention at 65536: each ratio lies above 1 with its 95 % interval, as published; where they cross is shown beside the published lengths',
  shows:
    'That the operator is faster than attention at every length measured, and passes flash attention on a processor as it does on a graphics card, at shorter sequences. ' +
    'The width is a twelfth of the published one, where dense maps weigh less, so where the lines cross is not comparable.',
  cost: { smoke: '15 s', desk: '10 min on 2 cores', paper: 'a day on 2 cores' },
  systems: { hyena: 'Hyena, order 2', attention: 'Attention', 'flash-attention': 'Flash attention' },
  cases: {
    'attention-8k': {
      title: 'forward at 8K, over attention',
      unit: 'x',
      judged: 'ratio',
      targets: { hyena: { model: 'Hyena over attention', task: 'sequence 8192', lengths: at(8192) } },
    },
    'flash-8k': {
      title: 'forward at 8K, over flash attention',
      unit: 'x',
      judged: 'ratio',
      targets: { hyena: { model: 'Hyena over FlashAttention', task: 'sequence 8192', lengths: at(8192) } },
    },
    'flash-64k': {
      title: 'forward at 64K, over flash attention',
      unit: 'x',
      judged: 'ratio',
      targets: { hyena: { model: 'Hyena over FlashAttention', task: 'sequence 65536', lengths: at(65536) } },
    },
    'attention-crossing': {
      title: 'crossover with attention',
      unit: 'tokens',
      judged: 'beside',
      targets: { hyena: { model: 'crossover with attention', task: 'sequence length' } },
    },
    'flash-attention-crossing': {
      title: 'crossover with flash attention',
      unit: 'tokens',
      judged: 'beside',
      targets: { hyena: { model: 'crossover with FlashAttention', task: 'sequence length' } },
    },
    attention: { title: 'forward, over attention', unit: 'x', judged: 'ratio' },
    'flash-attention': { title: 'forward, over flash attention', unit: 'x', judged: 'ratio' },
    time: { title: 'forward', unit: 'ms', judged: 'beside' },
  },
  headline: [
    { title: 'over flash attention at 64K', case: 'flash-64k', system: 'hyena' },
    { title: 'over attention at 8K', case: 'attention-8k', system: 'hyena' },
  ],
  runs: {
    smoke: ['hyena-runtime --lengths 128,256 --width 16 --batch 1 --rounds 2'],
    desk: ['hyena-runtime --scale quick --rounds 7'],
    paper: ['hyena-runtime --scale full'],
  },
  rows(observations) {
    const all = suiteObservations(observations);
    const over = (rival: string) => speedups(all, 'hyena', rival, { pass });
    const only = (id: string, rival: string, length: number) =>
      over(rival)
        .filter((r) => r.length === length)
        .map((r) => ratioRow(id, 'hyena', r));
    return [
      ...only('attention-8k', 'attention', 8192),
      ...only('flash-8k', 'flash-attention', 8192),
      ...only('flash-64k', 'flash-attention', 65536),
      ...Object.keys(rivals).flatMap((rival) => {
        const length = crossing(over(rival));
        const row = { case: `${rival}-crossing`, system: 'hyena', length: null, low: null, high: null };
        return length === null
          ? []
          : [{ ...row, value: Math.round(length), unit: 'tokens', details: { between: rival } }];
      }),
      ...Object.keys(rivals).flatMap((rival) => over(rival).map((r) => ratioRow(rival, 'hyena', r))),
      ...timeRows('time', all, { pass }),
    ];
  },
  notes(rows) {
    const none = Object.entries(rivals).filter(([id]) => !rows.some((r) => r.case === `${id}-crossing`));
    return [
      'Whole operators with their dense maps, causal; ours at width 64 and batch 1 at desk scale, the paper at width 768 and batch 64: the dense maps weigh less here.',
      ...none.map(([, name]) => `No crossover with ${name} lies between the lengths measured here.`),
    ];
  },
};
export default claim;
