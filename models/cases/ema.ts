import { type MixerCases, one } from '../cases.ts';

const H = 32;
/** The skip, and the map with its gate. */
const around = H + 2 * H * H + 2 * H;

const cases: MixerCases = {
  small: [
    { name: 'ema', causal: true, blocks: one('ema', { decays: 3 }), changes: { norm: 'batch' } },
    { name: 'ema, a step for every decay', causal: true, blocks: one('ema', { decays: 2, tiedStep: false }) },
    { name: 'ema, two-sided', causal: false, blocks: one('ema', { decays: 2, bidirectional: true, tiedStep: false }) },
    {
      name: 'ema, two-sided and shared, linear output',
      causal: false,
      blocks: one('ema', { decays: 3, bidirectional: true, shared: true, output: 'linear' }),
    },
    {
      name: 'ema, no output map',
      causal: true,
      blocks: one('ema', { decays: 1, shared: true, output: 'none', activation: 'none' }),
    },
  ],
  parameters: [
    [{ decays: 8 }, 3 * 8 * H + H + around],
    [{ decays: 8, tiedStep: false }, 4 * 8 * H + around],
    [{ decays: 8, bidirectional: true }, 2 * (3 * 8 * H + H) + around],
    [{ decays: 8, bidirectional: true, shared: true }, 2 * 8 * H + H + 2 * 8 * H + around],
  ],
  laws: [
    [
      { bidirectional: true },
      [
        ['layer.kernel.delta', 0, 0.2],
        ['layer.kernel.alpha', 0, 0.2],
        ['layer.kernel.beta', 0, Math.sqrt(1 + 0.02 ** 2)],
        ['layer.kernel.gamma', 0, 1],
        ['layer.D', 0, 1],
      ],
    ],
  ],
};
export default cases;
