import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 'liquid-s4 pb', causal: true, blocks: one('liquid-s4', { states: 4 }) },
    {
      name: 'liquid-s4 pb of degree 4, bilinear, shared copies',
      causal: true,
      blocks: one('liquid-s4', {
        states: 6,
        degree: 4,
        discretisation: 'bilinear',
        copies: 2,
        dtMin: 0.05,
        dtMax: 0.5,
      }),
      changes: { norm: 'batch' },
    },
    {
      name: 'liquid-s4 kb of degree 3',
      causal: true,
      blocks: one('liquid-s4', { states: 4, liquid: 'kb', degree: 3, init: 'lin', dtMin: 0.05, dtMax: 0.5 }),
    },
    {
      name: 'liquid-s4 kb of degree 1, no output map',
      causal: true,
      blocks: one('liquid-s4', { states: 4, liquid: 'kb', degree: 1, output: 'none', activation: 'none' }),
    },
    {
      name: 'liquid-s4 exact',
      causal: true,
      blocks: one('liquid-s4', { states: 4, liquid: 'exact', dtMin: 0.02, dtMax: 0.2 }),
    },
    {
      name: 'liquid-s4 exact, bilinear, one copy, linear output',
      causal: true,
      blocks: one('liquid-s4', {
        ...{ states: 6, liquid: 'exact', discretisation: 'bilinear', copies: 1, output: 'linear' },
        init: 'inv',
      }),
      changes: { prenorm: false },
    },
  ],
  parameters: (['pb', 'kb', 'exact'] as const).map((liquid) => [
    { states: 64, liquid, degree: 3 },
    2 * H * H + 2 * H + 2 * H + (32 + 32 + 64 + 64) * H,
  ]),
  laws: [
    [
      { states: 32, dtMax: 0.2 },
      [
        ['layer.D', 0, 1],
        ['layer.kernel.C', 0, Math.SQRT1_2],
        uniform('layer.kernel.inv_dt', Math.log(0.001), Math.log(0.2)),
      ],
    ],
  ],
};
export default cases;
