/**
 * The short depthwise convolution of FlashFFTConv's library is 5.5 to 7.3 times as fast as PyTorch's conv1d (Fu et al. 2023,
 * "FlashFFTConv", arXiv 2311.05908; the repository's README), 5 taps, batch 16, forward, in half precision on an H100. Here our
 * kernel in float32 against PyTorch's, where that is installed, and against shifted copies of the input added up.
 *
 *   repro short-depthwise-conv-speed --scale desk
 *   published, 768 channels: 1K 5.5x, 2K 5.91x, 4K 6.17x, 8K 6.36x
 */
import { showLength } from '../../results/terminal/options.ts';
import type { Claim } from '../claim.ts';
import type { MeasuredCase } from '../measure/measurement.ts';
import { ratioRow, speedups, timeRows } from '../measure/ratios.ts';
import { suiteObservations } from '../measure/suite.ts';

const lengths = [1024, 2048, 4096, 8192];
const pass = 'forward';

const overPytorch = (length: number): MeasuredCase => ({
  title: `short convolution at ${showLength(length)}, over PyTorch`,
  unit: 'x',
  judged: 'ratio',
  targets: {
    'short-conv': { model: 'FlashDepthwiseConv1d over torch depthwise conv1d', task: `B16 L${length} D768 K5` },
  },
});

const claim: Claim = {
  kind: 'measurement',
  id: 'short-depthwise-conv-speed',
  title: 'The short depthwise convolution',
  paper: { title: 'FlashFFTConv: Efficient Convolutions for Long Sequences with Tensor Cores', arxiv: '2311.05908' },
  table: 'README, depthwise convolution',
  published: 'short-depthwise-conv-speed',
  criterion:
    'forward, at each published length, the short depthwise convolution as one kernel is faster than the conv1d of PyTorch: each ratio lies above 1 with its 95 % interval, as published',
  shows:
    'That one kernel for short filters beats the library convolution on a processor as well. ' +
    'Ratios to PyTorch vary much from round to round, so their intervals are wide.',
  cost: { smoke: '5 s', desk: '2 min on 2 cores', paper: 'half an hour on 2 cores' },
  systems: { 'short-conv': 'one kernel', 'by-taps': 'tap by tap', pytorch: 'PyTorch conv1d' },
  cases: {
    ...Object.fromEntries(lengths.map((length) => [`speed-${length}`, overPytorch(length)])),
    'by-taps': { title: 'short convolution, over tap by tap', unit: 'x', judged: 'ratio' },
    time: { title: 'short convolution', unit: 'ms', judged: 'beside' },
  },
  runs: {
    smoke: ['short-conv --lengths 256 --width 8 --batch 1 --rounds 2'],
    desk: ['short-conv --peer present --lengths 1k,2k,4k,8k --width 768 --batch 2 --rounds 10'],
    paper: ['short-conv --peer present --lengths 1k,2k,4k,8k --width 768 --batch 16 --scale full'],
  },
  rows(observations) {
    const all = suiteObservations(observations);
    return [
      ...speedups(all, 'short-conv', 'pytorch', { pass })
        .filter(({ length }) => length !== null && lengths.includes(length))
        .map((r) => ratioRow(`speed-${r.length}`, 'short-conv', r)),
      ...speedups(all, 'short-conv', 'by-taps', { pass }).map((r) => ratioRow('by-taps', 'short-conv', r)),
      ...timeRows('time', all, { pass }),
    ];
  },
  notes: (rows) =>
    rows.some((row) => row.case.startsWith('speed-'))
      ? []
      : ['PyTorch is not among what was measured: without it nothing stands against the published ratio.'],
};
export default claim;
