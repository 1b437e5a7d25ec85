/**
 * FlashFFTConv: the gated long convolution by dense matrix products is 1.3 to 7.9 times as fast as PyTorch's FFTs and
 * takes 2.8 to 6.7 times less memory (Fu et al. 2023, "FlashFFTConv", arXiv 2311.05908, table 4; the repository's README),
 * batch 64 and 768 channels in half precision on an H100. Here in float32, Monarch against our passes put together.
 *
 *   repro flashfftconv-speed --scale desk
 *   published: 256 5.64x, 1K 7.93x, 4K 6.64x, 8K 5.42x, 16K 2.45x, 32K 3.22x, 1M 1.74x, 2M 1.37x, 4M 1.3x
 */

import { showLength } from '../../results/terminal/options.ts';
import type { Claim } from '../claim.ts';
import type { MeasuredCase } from '../measure/measurement.ts';
import { ratioRow, savings, speedups, timeRows } from '../measure/ratios.ts';
import { suiteObservations } from '../measure/suite.ts';

const lengths = [256, 1024, 4096, 8192, 16384, 32768];
const pass = 'forward';

const cell = (kind: 'speedup' | 'memory saving', length: number): MeasuredCase => ({
  title: `${kind === 'speedup' ? 'gated convolution' : 'peak memory'} at ${showLength(length)}, over FFTs pass by pass`,
  unit: 'x',
  judged: 'ratio',
  targets: { monarch: { model: kind, task: `gated conv, length ${length}` } },
});

const claim: Claim = {
  kind: 'measurement',
  id: 'flashfftconv-speed',
  title: 'FlashFFTConv on the gated convolution',
  paper: { title: 'FlashFFTConv: Efficient Convolutions for Long Sequences with Tensor Cores', arxiv: '2311.05908' },
  table: 'table 4, README',
  published: 'flashfftconv-speed',
  criterion:
    'forward, at every published length to 32K, the gated convolution by Monarch products is faster than by FFTs put together pass by pass and holds less memory: each ratio lies above 1 (with its 95 % interval, for times), as published',
  shows:
    'That what makes Monarch products fast on tensor cores is not there on a processor: they are slower than passes of fast Fourier transforms, and save memory only by the factor that fusing saves. ' +
    'It says nothing against the published numbers, which are of another kind of device.',
  cost: { smoke: '10 s', desk: '3 min on 2 cores', paper: 'hours on 2 cores' },
  systems: { monarch: 'Monarch products', fused: 'fused', 'three-pass': 'three passes', unfused: 'FFTs pass by pass' },
  cases: {
    ...Object.fromEntries(lengths.map((length) => [`speed-${length}`, cell('speedup', length)])),
    ...Object.fromEntries(lengths.map((length) => [`memory-${length}`, cell('memory saving', length)])),
    speed: { title: 'gated convolution, over FFTs pass by pass', unit: 'x', judged: 'ratio' },
    time: { title: 'gated convolution', unit: 'ms', judged: 'beside' },
  },
  headline: [
    { title: 'speed at 32K', case: 'speed-32768', system: 'monarch' },
    { title: 'memory at 32K', case: 'memory-32768', system: 'monarch' },
  ],
  runs: {
    smoke: ['gated-conv --models unfused,monarch --lengths 256 --width 8 --batch 1 --rounds 2'],
    desk: ['gated-conv --lengths 256,1k,4k,8k,16k,32k --width 64 --batch 4 --rounds 10'],
    paper: ['gated-conv --scale full --width 768 --batch 64 --lengths 256,1k,4k,8k,16k,32k'],
  },
  rows(observations) {
    const all = suiteObservations(observations);
    const known = (r: { length: number | null }) => r.length !== null && lengths.includes(r.length);
    const monarch = speedups(all, 'monarch', 'unfused', { pass }).filter(known);
    return [
      ...monarch.map((r) => ratioRow(`speed-${r.length}`, 'monarch', r)),
      ...savings(all, 'monarch', 'unfused', { pass })
        .filter(known)
        .map(({ value, length, details }) =>
          ratioRow(`memory-${length}`, 'monarch', { estimate: value, low: null, high: null, length, details }),
        ),
      ...['fused', 'three-pass'].flatMap((form) =>
        speedups(all, form, 'unfused', { pass }).map((r) => ratioRow('speed', form, r)),
      ),
      ...timeRows('time', all, { pass }),
    ];
  },
  notes: () => [
    'Monarch products pay where a matrix unit does them at many times the speed of other arithmetic; a processor without one has no such unit, and its fused FFT is the fair rival: it is shown beside.',
  ],
};
export default claim;
