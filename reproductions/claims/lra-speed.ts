/**
 * Long convolutions and state spaces train several times as fast as a Transformer of the same size on the Long Range
 * Arena: the speed columns of FlashAttention (Dao et al. 2022, arXiv 2205.14135, table 3), H3 (arXiv 2212.14052, table
 * 8) and Long Conv (Fu et al. 2023, arXiv 2302.06646), means over the tasks of 1K to 4K steps.
 *
 *   repro lra-speed --scale desk
 *   published: FlashAttention 2.4, block-sparse 2.8, Linformer 2.5, linear 2.3, Performer 1.8, local 1.7, Reformer 1.3,
 *              S4 2.9, S4 + FlashConv 5.8, Long Conv + FlashButterfly 7.0
 */
import { speedSystems } from '../../models/systems.ts';
import type { Claim } from '../claim.ts';
import type { Target } from '../measure/measurement.ts';
import { meanOf, ratioRow, speedups, timeRows } from '../measure/ratios.ts';
import { suiteObservations } from '../measure/suite.ts';

const task = 'LRA training speed';
const unfused = { 's4-unfused': 'S4, convolution pass by pass', 'long-conv-unfused': 'Long Conv, pass by pass' };
const rivals = [...speedSystems.map((s) => s.id), ...Object.keys(unfused)].filter((id) => id !== 'transformer');

/** The published rows that ours stand beside. */
const targets: Record<string, Target> = Object.fromEntries([
  ...speedSystems.flatMap(({ id, speed }) =>
    speed?.published && id !== 'transformer' ? [[id, { model: speed.published, task }]] : [],
  ),
  ['s4-unfused', { model: 'S4 (no FlashConv)', task }],
]);

const claim: Claim = {
  kind: 'measurement',
  id: 'lra-speed',
  title: 'Training speed on the Long Range Arena',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'LRA speed table; FlashAttention table 3; H3 table 8',
  published: 'lra-speed',
  criterion:
    "for each model with a published speedup over the Transformer, the geometric mean of ours over 1K, 2K and 4K steps lies on the same side of 1 with its 95 % interval; the size of it is the device's",
  shows:
    'That every system which was published as faster than the Transformer trains faster here too, and that the long convolutions are among the fastest. ' +
    "The size of each gap is this processor's and these narrow models': block-sparse, local and linear attention gain more here than was published, S4 and FlashAttention less.",
  cost: { smoke: '15 s', desk: '6 min on 2 cores', paper: 'hours on 2 cores' },
  systems: { ...Object.fromEntries(speedSystems.map((s) => [s.id, s.title])), ...unfused },
  cases: {
    mean: { title: 'training step, over the Transformer, all lengths', unit: 'x', judged: 'ratio', targets },
    step: { title: 'training step, over the Transformer', unit: 'x', judged: 'ratio' },
    time: { title: 'training step', unit: 'ms', judged: 'beside' },
  },
  headline: [
    { title: 'Long Conv', case: 'mean', system: 'long-conv' },
    { title: 'S4', case: 'mean', system: 's4' },
  ],
  runs: {
    smoke: [
      'lra-speed --models transformer,flash-transformer,s4,long-conv --lengths 256 --width 32 --layers 1 --batch 1 --rounds 2',
    ],
    desk: ['lra-speed --lengths 1k,2k,4k --width 128 --layers 2 --batch 2 --rounds 10'],
    paper: ['lra-speed --scale full'],
  },
  rows(observations) {
    const all = suiteObservations(observations);
    const ratios = rivals.map((id) => ({ id, own: speedups(all, id, 'transformer') }));
    return [
      ...ratios.flatMap(({ id, own }) => {
        const mean = meanOf(own);
        return mean ? [ratioRow('mean', id, mean)] : [];
      }),
      ...ratios.flatMap(({ id, own }) => own.map((r) => ratioRow('step', id, r))),
      ...timeRows('time', all),
    ];
  },
  notes: () => [
    'Every model has the same skeleton: mixer and MLP, layer norm before each, width and depth the same; what the published tables mean by "the same size" is not stated. One step is forward, backward and AdamW.',
  ],
};
export default claim;
