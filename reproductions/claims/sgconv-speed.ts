/**
 * The SGConv block is faster than the S4 block, in inference and in backpropagation, on a processor and on a graphics
 * card (Li et al. 2022, "What Makes Convolutional Models Great on Long Sequence Modeling?", arXiv 2210.09298, table 2):
 * 128 channels, batch 64, ms per batch. The table's numbers and lengths were not found, nor the names of its devices.
 *
 *   repro sgconv-speed --scale desk
 *   published: SGConv faster in every cell (in words)
 */
import type { Claim } from '../claim.ts';
import { ratioRow, speedups, timeRows } from '../measure/ratios.ts';
import { suiteObservations } from '../measure/suite.ts';

const stated = {
  sgconv: { model: 'SGConv block', task: 'CPU/GPU, forward and backward', inWords: 'above 1' as const },
};

const claim: Claim = {
  kind: 'measurement',
  id: 'sgconv-speed',
  title: 'SGConv block against S4 block',
  paper: { title: 'What Makes Convolutional Models Great on Long Sequence Modeling?', arxiv: '2210.09298' },
  table: 'table 2',
  published: 'sgconv-vs-s4-speed',
  criterion:
    'at every length measured, forward alone and forward with backward, the SGConv block is faster than the S4 block: each ratio lies above 1 with its 95 % interval',
  shows:
    'That with the same fused convolution and the same dense layers SGConv is hardly faster than S4 on a processor: only the cost of making the kernel differs, and with fast kernels for both it is small. ' +
    'What was published compared with the S4 of its time.',
  cost: { smoke: '10 s', desk: '5 min on 2 cores', paper: 'half an hour on 2 cores' },
  systems: { sgconv: 'SGConv', s4: 'S4' },
  cases: {
    forward: { title: 'inference, over S4', unit: 'x', judged: 'ratio', targets: stated },
    training: { title: 'forward and backward, over S4', unit: 'x', judged: 'ratio', targets: stated },
    'forward-time': { title: 'inference', unit: 'ms', judged: 'beside' },
    'training-time': { title: 'forward and backward', unit: 'ms', judged: 'beside' },
  },
  headline: [
    { title: 'training', case: 'training', system: 'sgconv' },
    { title: 'inference', case: 'forward', system: 'sgconv' },
  ],
  runs: {
    smoke: ['sgconv-vs-s4 --models sgconv,s4 --lengths 256 --width 16 --batch 2 --rounds 2'],
    desk: ['sgconv-vs-s4 --models sgconv,s4 --lengths 1k,2k,4k --width 128 --batch 64 --rounds 7'],
    paper: ['sgconv-vs-s4 --models sgconv,s4 --scale full'],
  },
  rows(observations) {
    const all = suiteObservations(observations);
    const passes = { forward: 'forward', training: 'forward+backward' };
    return Object.entries(passes).flatMap(([id, pass]) => [
      ...speedups(all, 'sgconv', 's4', { pass }).map((r) => ratioRow(id, 'sgconv', r)),
      ...timeRows(`${id}-time`, all, { pass }),
    ]);
  },
  notes: () => [
    'Both blocks are the same layer (convolution, GELU, dense map with GLU) around another kernel, which is made from its parameters in every pass; both two-sided, S4 with 64 modes, both with our fused convolution.',
  ],
};
export default claim;
