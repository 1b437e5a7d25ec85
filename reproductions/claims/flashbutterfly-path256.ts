/**
 * Long Conv trains 7.2 times as fast on Path256 as block-sparse FlashAttention, the best before it (Fu et al. 2023,
 * "Simple Hardware-Efficient Long Convolutions for Sequence Modeling", arXiv 2302.06646, abstract and Path256 table).
 * Here: one training step at 65536 steps, all models side by side at one size. The paper's own sizes are not published.
 *
 *   repro flashbutterfly-path256 --scale desk
 *   published: 7.2x (second hand, and in the abstract)
 */
import type { Claim } from '../claim.ts';
import { ratioRow, speedups, timeRows } from '../measure/ratios.ts';
import { suiteObservations } from '../measure/suite.ts';

const path256 = { least: 65536, most: 65536 };
const subjects = ['long-conv-three-pass', 'long-conv', 'sgconv', 's4'];

const claim: Claim = {
  kind: 'measurement',
  id: 'flashbutterfly-path256',
  title: 'Training speed on Path256',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'abstract and Path256 table',
  published: 'path256-speedup',
  criterion:
    "a training step of Long Conv by the three-pass algorithm at 65536 steps is faster than one of block-sparse attention of the same size: the ratio lies above 1 with its 95 % interval, as published; how far above is the device's",
  shows:
    'That at the length of this task a training step of long convolutions is several times as fast as one of block-sparse attention on a processor too, by less than was published, and far faster than one of flash attention. ' +
    'The networks are narrower and shallower than published; the accuracy is a claim of its own.',
  cost: { smoke: '15 s', desk: '12 min on 2 cores', paper: 'hours on 2 cores' },
  systems: {
    'long-conv-three-pass': 'Long Conv, three-pass',
    'long-conv': 'Long Conv, fused',
    sgconv: 'SGConv',
    s4: 'S4',
    'block-sparse-attention': 'Block-sparse attention',
    'flash-transformer': 'Transformer, flash attention',
  },
  cases: {
    sparse: {
      title: 'training step, over block-sparse attention',
      unit: 'x',
      judged: 'ratio',
      targets: {
        'long-conv-three-pass': {
          model: 'Long Conv + FlashButterfly',
          task: 'Path256 training speedup over previous best',
          lengths: path256,
        },
      },
    },
    flash: { title: 'training step, over flash attention', unit: 'x', judged: 'ratio' },
    time: { title: 'training step', unit: 'ms', judged: 'beside' },
  },
  runs: {
    smoke: [
      'path256-speed --models long-conv-three-pass,block-sparse-attention,flash-transformer --lengths 1k --width 32 --layers 1 --rounds 2',
    ],
    desk: [
      'path256-speed --models long-conv,long-conv-three-pass,sgconv,s4,block-sparse-attention --lengths 64k --width 128 --layers 2 --batch 1 --rounds 10',
      'path256-speed --models long-conv-three-pass,block-sparse-attention,flash-transformer --lengths 64k --width 64 --layers 1 --batch 1 --rounds 3',
    ],
    paper: ['path256-speed --scale full'],
  },
  rows(observations) {
    const all = suiteObservations(observations);
    return [
      ...subjects.flatMap((s) => speedups(all, s, 'block-sparse-attention').map((r) => ratioRow('sparse', s, r))),
      ...subjects.flatMap((s) => speedups(all, s, 'flash-transformer').map((r) => ratioRow('flash', s, r))),
      ...timeRows('time', all),
    ];
  },
  notes: () => [
    'Two sizes are measured at desk scale, each a run of its own: flash attention at 65536 steps takes minutes a step at the larger one. Attention here is of heads of 32; block-sparse is the flat butterfly of blocks of 64.',
    'The published number is of whole training runs on a graphics card; the accuracy of Path256 is another claim.',
  ],
};
export default claim;
