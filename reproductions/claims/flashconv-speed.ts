/**
 * FlashConv and H3's generation (Dao et al. 2023, "Hungry Hungry Hippos", arXiv 2212.14052, tables 7 and 8 and the
 * FlashConv figure): a fused FFT convolution makes S4 train twice as fast on the Long Range Arena; fusion, block FFT and
 * state passing each help at their lengths; an H3 hybrid of 1.3B parameters generates 2.4 times as fast as a Transformer.
 *
 *   repro flashconv-speed --scale desk
 *   published (second hand): 2.0x on LRA; fused 3.4x to 512 steps; block FFT 2x at 1K to 8K; state passing 2.3x from 16K;
 *                            generation 2.4x at a prompt of 1536
 */
import type { Claim } from '../claim.ts';
import { meanOf, type Ratio, ratioRow, speedups, timeRows } from '../measure/ratios.ts';
import { suiteObservations } from '../measure/suite.ts';

const pass = 'forward+backward';
const ranges = {
  short: { least: 1, most: 512 },
  block: { least: 1024, most: 8192 },
  passing: { least: 16384, most: 2 ** 22 },
};
const within = (range: { least: number; most: number }) => (r: Ratio) =>
  r.length !== null && r.length >= range.least && r.length <= range.most;

const claim: Claim = {
  kind: 'measurement',
  id: 'flashconv-speed',
  title: 'FlashConv, and generation by H3',
  paper: { title: 'Hungry Hungry Hippos: Towards Language Modeling with State Space Models', arxiv: '2212.14052' },
  table: 'tables 7 and 8, FlashConv figure',
  published: 'flashconv-speed',
  criterion:
    'S4 with the fused convolution trains faster than S4 without (geometric mean over 1K, 2K, 4K steps); the fused form is faster than the unfused one to 512 steps, Monarch products than the fused form at 1K to 8K, the three-pass form than the unfused one from 16K; H3 produces a token faster than cached attention at 1536: each ratio lies above 1 with its 95 % interval, as published',
  shows:
    'That fusing the convolution pays on a processor as well, and that producing tokens from a state is faster than attention with a cache. ' +
    'Products of Monarch matrices do not pay: they need a unit for matrix products that is many times faster than the rest, which a processor lacks.',
  cost: { smoke: '30 s', desk: '12 min on 2 cores', paper: 'hours on 2 cores' },
  systems: {
    s4: 'S4, fused convolution',
    's4-unfused': 'S4, pass by pass',
    transformer: 'Transformer',
    fused: 'fused',
    unfused: 'unfused',
    monarch: 'Monarch products (block FFT)',
    'three-pass': 'three passes (state passing)',
    'h3-recurrent': 'H3, from its state',
    'attention-cached': 'Attention, from kept keys and values',
  },
  cases: {
    lra: {
      title: 'LRA training step, over S4 pass by pass, all lengths',
      unit: 'x',
      judged: 'ratio',
      targets: { s4: { model: 'FlashConv over baseline S4', task: 'LRA training' } },
    },
    transformer: { title: 'LRA training step, over the Transformer, all lengths', unit: 'x', judged: 'ratio' },
    short: {
      title: 'convolution to 512, over unfused',
      unit: 'x',
      judged: 'ratio',
      targets: {
        fused: { model: 'Fused FFT conv over unfused', task: 'short sequences (to 512)', lengths: ranges.short },
      },
    },
    block: {
      title: 'convolution at 1K to 8K, over fused',
      unit: 'x',
      judged: 'ratio',
      targets: { monarch: { model: 'Block FFT on top of fusion', task: '1K-8K', lengths: ranges.block } },
    },
    passing: {
      title: 'convolution from 16K, over unfused',
      unit: 'x',
      judged: 'ratio',
      targets: {
        'three-pass': { model: 'State passing over cuFFT', task: '16K and longer', lengths: ranges.passing },
      },
    },
    generation: {
      title: 'next token after a prompt, over cached attention',
      unit: 'x',
      judged: 'ratio',
      targets: {
        'h3-recurrent': {
          model: 'H3 hybrid over Transformer',
          task: 'generation speedup, prompt 1536',
          lengths: { least: 1536, most: 1536 },
        },
      },
    },
    'step-time': { title: 'LRA training step', unit: 'ms', judged: 'beside' },
    'convolution-time': { title: `convolution, ${pass}`, unit: 'ms', judged: 'beside' },
    'token-time': { title: 'next token', unit: 'ms', judged: 'beside' },
  },
  headline: [
    { title: 'training S4', case: 'lra', system: 's4' },
    { title: 'generation by H3', case: 'generation', system: 'h3-recurrent' },
  ],
  runs: {
    smoke: [
      'lra-speed --models s4,s4-unfused --lengths 256 --width 32 --layers 1 --batch 1 --rounds 2',
      'long-conv --models fused,unfused --lengths 256 --width 8 --batch 1 --rounds 2',
      'inference --models h3-recurrent,attention-cached --lengths 64 --width 32 --layers 1 --rounds 2',
    ],
    desk: [
      'lra-speed --models transformer,s4,s4-unfused --lengths 1k,2k,4k --width 128 --layers 2 --batch 2 --rounds 10',
      'long-conv --models fused,unfused,three-pass,monarch --lengths 256..64k --width 128 --batch 2 --rounds 10',
      'inference --models h3-recurrent,attention-cached --lengths 512,1024,1536 --width 512 --layers 4 --batch 16 --rounds 10',
    ],
    paper: [
      'lra-speed --models transformer,s4,s4-unfused --scale full',
      'long-conv --models fused,unfused,three-pass,monarch --lengths 256..32k --width 1024 --batch 8 --scale full',
      'inference --models h3-recurrent,attention-cached --lengths 512,1024,1536 --width 2048 --layers 24 --batch 64 --scale full',
    ],
  },
  rows(observations) {
    const all = suiteObservations(observations);
    const mean = (id: string, rival: string) => {
      const found = meanOf(speedups(all, 's4', rival, { suite: 'lra-speed' }));
      return found ? [ratioRow(id, 's4', found)] : [];
    };
    const convolution = { suite: 'long-conv', pass };
    const forms = (id: 'short' | 'block' | 'passing', subject: string, rival: string) =>
      speedups(all, subject, rival, convolution)
        .filter(within(ranges[id]))
        .map((r) => ratioRow(id, subject, r));
    return [
      ...mean('lra', 's4-unfused'),
      ...mean('transformer', 'transformer'),
      ...forms('short', 'fused', 'unfused'),
      ...forms('block', 'monarch', 'fused'),
      ...forms('passing', 'three-pass', 'unfused'),
      ...speedups(all, 'h3-recurrent', 'attention-cached').map((r) => ratioRow('generation', 'h3-recurrent', r)),
      ...timeRows('step-time', all, { suite: 'lra-speed' }),
      ...timeRows('convolution-time', all, convolution),
      ...timeRows('token-time', all, { suite: 'inference' }),
    ];
  },
  notes: () => [
    'Generation here is of networks of H3 layers alone and of attention layers alone, of random weights and far fewer parameters than 1.3B; the paper has a hybrid with two attention layers, and counts the tokens of whole completions.',
    'State passing on a graphics card and the three passes here answer the same question, a row that does not fit on the chip; here they differ from the fused form beyond 32K steps only.',
  ],
};
export default claim;
