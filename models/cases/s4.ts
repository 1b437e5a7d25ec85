import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 's4', causal: true, blocks: one('s4', { states: 4 }) },
    {
      name: 's4, two-sided, shared, two channels',
      causal: false,
      blocks: one('s4', { states: 4, copies: 2, channels: 2, bidirectional: true }),
    },
    { name: 's4 fourier', causal: true, blocks: one('s4', { states: 6, init: 'fourier', channels: 2 }) },
    {
      name: 's4 fourier, rank 2, shared, linear output',
      causal: true,
      blocks: one('s4', { states: 4, init: 'fourier', rank: 2, copies: 3, output: 'linear', activation: 'gelu-tanh' }),
    },
  ],
  parameters: [
    [{ states: 64 }, 2 * H * H + 2 * H + 2 * H + (32 + 32 + 64 + 64 + 64) * H],
    [{ states: 64, init: 'fourier', rank: 3 }, 2 * H * H + 2 * H + 2 * H + (32 + 32 + 3 * 64 + 64 + 64) * H],
    [{ states: 16, copies: 2, channels: 3 }, 2 * H * 3 * H + 2 * H + 3 * H + H + 2 * (8 + 8 + 16 + 16) + 3 * 16 * H],
  ],
  laws: [
    [
      { states: 32, init: 'fourier' },
      [['layer.D', 0, 1], uniform('layer.kernel.inv_dt', Math.log(0.001), Math.log(0.1))],
    ],
  ],
};
export default cases;
