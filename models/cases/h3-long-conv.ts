import { type MixerCases, one } from '../cases.ts';

const H = 32;
const L = 64;
const cases: MixerCases = {
  small: [
    {
      name: 'h3 with long convolutions, squashed',
      causal: true,
      blocks: one('h3-long-conv', { lambda: 0.01, kernelDropout: 0, init: 'geometric' }),
    },
    {
      name: 'h3 with short convolutions, smoothed, heads of 3 channels',
      causal: true,
      blocks: one('h3-long-conv', { headDim: 3, taps: 9, lambda: 0, window: 3, kernelDropout: 0, layout: 'fused' }),
    },
  ],
  parameters: [
    [{}, 4 * (H * H + H) + 2 * H + 2 * H * L],
    [{ headDim: 4, taps: 10 }, 4 * (H * H + H) + H + H / 4 + 10 * (H + H / 4)],
  ],
  laws: [
    [
      {},
      [
        ['k_D', 0, 1],
        ['k_kernel.kernel', 0, 0.002],
        ['kernel.kernel', 0, 0.002],
      ],
    ],
  ],
};
export default cases;
