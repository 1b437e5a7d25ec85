import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 's4d lin', causal: true, blocks: one('s4d', { states: 4 }), changes: { norm: 'batch' } },
    {
      name: 's4d legs, bilinear, linear output',
      causal: true,
      blocks: one('s4d', { states: 6, init: 'legs', discretisation: 'bilinear', output: 'linear' }),
    },
    {
      name: 's4d inv, two-sided',
      causal: false,
      blocks: one('s4d', { states: 4, init: 'inv', bidirectional: true, copies: 1 }),
    },
    {
      name: 's4d real, no output map',
      causal: true,
      blocks: one('s4d', { states: 4, init: 'real', output: 'none', activation: 'none' }),
    },
    ...(['lin', 'inv', 'legs', 'quad', 'real'] as const).flatMap((init) =>
      (['zoh', 'bilinear'] as const).map((discretisation) => ({
        name: `s4d ${init}, ${discretisation}, causal`,
        causal: true,
        blocks: one('s4d', { states: 4, init, discretisation, channels: 2, copies: init === 'quad' ? 2 : null }),
      })),
    ),
    { name: 's4d dss', causal: true, blocks: one('s4d', { states: 4, discretisation: 'dss' }) },
  ],
  parameters: [
    [{ states: 64 }, 2 * H * H + 2 * H + 2 * H + (32 + 32 + 64 + 64) * H],
    [{ states: 64, bidirectional: true, copies: 1 }, 2 * H * H + 4 * H + 32 + 32 + 64 + 2 * 64 * H],
  ],
  laws: [
    [
      { states: 32, channels: 2 },
      [
        ['layer.D', 0, 1],
        ['layer.kernel.C', 0, Math.SQRT1_2],
        uniform('layer.kernel.inv_dt', Math.log(0.001), Math.log(0.1)),
        uniform('output_linear.0.weight', -1 / Math.sqrt(512), 1 / Math.sqrt(512)),
      ],
    ],
  ],
};
export default cases;
