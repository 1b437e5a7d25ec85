import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;
const maps = 4 * (H * H + H);
const cases: MixerCases = {
  small: [
    { name: 'h3', causal: true, blocks: one('h3', { states: 4 }), changes: { norm: 'batch' } },
    {
      name: 'h3, heads of 2 channels, more states than steps',
      causal: true,
      blocks: one('h3', { headDim: 2, states: 16, discretisation: 'zoh' }),
    },
    {
      name: "h3, heads of 3 channels in the kernel's order, shared matrices",
      causal: true,
      blocks: one('h3', { headDim: 3, states: 6, layout: 'fused', copies: 1 }),
    },
    { name: 'h3, one head, short kernels', causal: true, blocks: one('h3', { headDim: 6, states: 4, taps: 3 }) },
  ],
  parameters: [
    [{ states: 64 }, maps + 2 * H + 2 * 64 * H + (3 * 64 + 1) * H],
    [{ states: 16, headDim: 4, copies: 2 }, maps + H + H / 4 + 2 * 16 * H + (16 + 1) * (H / 4) + 2 * 16 * 2],
  ],
  laws: [
    [
      { states: 16 },
      [
        ['ssm_k_D', 0, 1],
        ['D', 0, 1],
        uniform('ssm_k_kernel.kernel.C', -1 / 4, 1 / 4),
        ['kernel.kernel.C', 0, Math.SQRT1_2],
        uniform('kernel.kernel.log_dt', Math.log(0.001), Math.log(0.1)),
        uniform('k_proj.weight', -1 / 16, 1 / 16),
      ],
    ],
  ],
};
export default cases;
