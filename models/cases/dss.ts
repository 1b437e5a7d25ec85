import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;
const N = 16;
const output = 2 * H * H + 2 * H;

const cases: MixerCases = {
  small: [
    { name: 'dss softmax', causal: true, blocks: one('dss', { states: 4 }) },
    {
      name: 'dss exp, one step, linear output',
      causal: true,
      blocks: one('dss', { states: 3, version: 'exp', separateSteps: false, output: 'linear' }),
    },
    {
      name: 'dss exp-re-im, two-sided',
      causal: false,
      blocks: one('dss', { states: 4, version: 'exp-re-im', bidirectional: true }),
    },
    {
      name: 'dss exp-no-scale, channels',
      causal: true,
      blocks: one('dss', { states: 2, version: 'exp-no-scale', channels: 2 }),
      changes: { norm: 'batch' },
    },
    { name: 'dss clip', causal: true, blocks: one('dss', { states: 5, version: 'clip', activation: 'none' }) },
  ],
  parameters: [
    [{ states: N }, output + H + 2 * H + 2 * N + 2 * H * N],
    [{ states: N, version: 'exp' }, output + H + 2 * H + 2 * N + 2 * H * N],
    [{ states: N, version: 'exp-re-im', separateSteps: false }, output + H + H + 2 * N + 2 * H * N],
    [{ states: N, bidirectional: true }, output + H + 2 * H + 2 * N + 4 * H * N],
  ],
  laws: [
    [
      { states: 8, channels: 2 },
      [
        ['layer.D', 0, 1],
        ['layer.kernel.W', 0, 1],
      ],
    ],
    [
      { states: 256, init: 'random', separateSteps: false },
      [['layer.kernel.Lambda', 0, 1], uniform('layer.kernel.log_dt', Math.log(0.001), Math.log(0.1))],
    ],
  ],
};
export default cases;
