/**
 * GSS trains faster than DSS (Mehta et al. 2022, "Long Range Language Modeling via Gated State Spaces", arXiv
 * 2206.13947, abstract): a gated unit with few states and a narrow state space inside needs less time than DSS of the
 * same width. The paper measures on TPUs and says "2-3x"; here one training step of classifiers of the same size is
 * timed, GSS and DSS side by side.
 *
 *   repro gss-speed --scale desk
 *   published: 2 to 3 times as fast, on TPU
 */
import type { Claim } from '../claim.ts';
import { meanOf, ratioRow, speedups, timeRows } from '../measure/ratios.ts';
import { suiteObservations } from '../measure/suite.ts';

const claim: Claim = {
  kind: 'measurement',
  id: 'gss-speed',
  title: 'GSS trains faster than DSS',
  paper: { title: 'Long Range Language Modeling via Gated State Spaces', arxiv: '2206.13947' },
  table: "abstract; authors' poster",
  published: 'gss-speed',
  criterion:
    "the geometric mean over the lengths of how many times as fast a training step of GSS is as one of DSS lies above 1 with its 95 % interval, as published; how far above is the device's",
  shows:
    'That the gain which was published of a TPU is a loss on this processor. ' +
    'The networks around the two differ as their papers have them.',
  cost: { smoke: '10 s', desk: '4 min on 2 cores', paper: 'an hour on 2 cores' },
  systems: { gss: 'GSS', dss: 'DSS' },
  cases: {
    mean: {
      title: 'training step, over DSS, all lengths',
      unit: 'x',
      judged: 'ratio',
      targets: { gss: { model: 'GSS over DSS', task: 'training on TPU, low end' } },
    },
    step: { title: 'training step, over DSS', unit: 'x', judged: 'ratio' },
    time: { title: 'training step', unit: 'ms', judged: 'beside' },
  },
  runs: {
    smoke: ['lra-speed --models gss,dss --lengths 256 --width 32 --layers 1 --batch 1 --rounds 2'],
    desk: ['lra-speed --models gss,dss --lengths 1k,2k,4k --batch 2 --width 128 --layers 2 --rounds 10'],
    paper: ['lra-speed --models gss,dss --scale full'],
  },
  rows(observations) {
    const all = suiteObservations(observations);
    const ratios = speedups(all, 'gss', 'dss');
    const mean = meanOf(ratios);
    return [
      ...(mean ? [ratioRow('mean', 'gss', mean)] : []),
      ...ratios.map((r) => ratioRow('step', 'gss', r)),
      ...timeRows('time', all),
    ];
  },
  notes: () => [
    "GSS here is the paper's unit with its gates inside and no MLP after it; DSS is followed by an MLP of twice the width. One step is forward, backward and AdamW.",
  ],
};
export default claim;
