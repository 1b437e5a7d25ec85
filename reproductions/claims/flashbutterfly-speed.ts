/**
 * FlashButterfly: the long convolution in three passes over memory is 2.2 times as fast as one put together from library
 * FFTs (Fu et al. 2023, "Simple Hardware-Efficient Long Convolutions for Sequence Modeling", arXiv 2302.06646,
 * abstract). On a graphics card the library is cuFFT under PyTorch; here it is PyTorch's FFT and FFTW, where they are
 * installed, and our own passes put together in the same way.
 *
 *   repro flashbutterfly-speed --scale desk
 *   published: 2.2x over cuFFT-based convolution
 */
import type { Claim } from '../claim.ts';
import { meanOf, ratioRow, speedups, timeRows } from '../measure/ratios.ts';
import { suiteObservations } from '../measure/suite.ts';

const subjects = ['three-pass', 'fused', 'monarch'];
const rivals = { pytorch: 'PyTorch', fftw: 'FFTW', unfused: 'our passes put together' };
const pass = 'forward+backward';
const published = { model: 'FlashButterfly over cuFFT-based convolution', task: 'long convolution' };

const claim: Claim = {
  kind: 'measurement',
  id: 'flashbutterfly-speed',
  title: 'FlashButterfly against a library FFT convolution',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'abstract and runtime figure',
  published: 'flashbutterfly-conv-speed',
  criterion:
    "the three-pass convolution, forward and backward, is faster than the same in PyTorch and with FFTW: the geometric mean over the lengths lies above 1 with its 95 % interval; how far above is the device's",
  shows:
    'That one convolution kernel of this repository beats the libraries which a user would take instead on a processor, by more than the paper beat them on a graphics card. ' +
    'It does not show that the three passes are the reason: up to the longest row that fits into the cache they are the same code as the fused form.',
  cost: { smoke: '15 s', desk: '6 min on 2 cores', paper: 'an hour on 2 cores' },
  systems: {
    'three-pass': 'three passes',
    fused: 'fused by row',
    monarch: 'Monarch products',
    unfused: 'passes put together',
    fftw: 'FFTW',
    pytorch: 'PyTorch',
  },
  cases: {
    ...Object.fromEntries(
      Object.entries(rivals).map(([id, name]) => [
        `${id}-mean`,
        {
          title: `${pass}, over ${name}, all lengths`,
          unit: 'x',
          judged: 'ratio' as const,
          targets: id === 'unfused' ? {} : { 'three-pass': published },
        },
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(rivals).map(([id, name]) => [
        id,
        { title: `${pass}, over ${name}`, unit: 'x', judged: 'ratio' as const },
      ]),
    ),
    fused: { title: `${pass}, over the fused form`, unit: 'x', judged: 'ratio' },
    time: { title: pass, unit: 'ms', judged: 'beside' },
  },
  headline: [
    { title: 'over PyTorch', case: 'pytorch-mean', system: 'three-pass' },
    { title: 'over FFTW', case: 'fftw-mean', system: 'three-pass' },
  ],
  runs: {
    smoke: ['long-conv --lengths 512 --width 8 --batch 1 --rounds 2'],
    desk: ['long-conv --peer present --lengths 1k,4k,16k,64k,256k --width 64 --batch 1 --rounds 7'],
    paper: ['long-conv --peer present --scale full'],
  },
  rows(observations) {
    const all = suiteObservations(observations);
    const against = (rival: string) => subjects.map((s) => ({ s, own: speedups(all, s, rival, { pass }) }));
    const names = Object.keys(rivals);
    return [
      ...names.flatMap((rival) =>
        against(rival).flatMap(({ s, own }) => {
          const mean = meanOf(own);
          return mean ? [ratioRow(`${rival}-mean`, s, mean)] : [];
        }),
      ),
      ...names.flatMap((rival) => against(rival).flatMap(({ s, own }) => own.map((r) => ratioRow(rival, s, r)))),
      ...against('fused').flatMap(({ s, own }) => (s === 'fused' ? [] : own.map((r) => ratioRow('fused', s, r)))),
      ...timeRows('time', all, { pass }),
    ];
  },
  notes(rows) {
    const absent = Object.keys(rivals).filter((id) => !rows.some((r) => r.case === id));
    return [
      'Causal, float32, a kernel as long as the input. The three passes are the fused form until a row has more than 64K elements: only beyond that do they differ.',
      ...(absent.length
        ? [`Without ${absent.join(' and ')} here: at desk scale those libraries are measured that are installed.`]
        : []),
    ];
  },
};
export default claim;
