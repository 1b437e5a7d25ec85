import { type MixerCases, one } from '../cases.ts';

const H = 32;
const L = 64;

const cases: MixerCases = {
  small: [
    { name: 'long-conv', causal: true, blocks: one('long-conv', { lambda: 0.0005, kernelDropout: 0, channels: 2 }) },
    {
      name: 'long-conv, by Monarch transforms',
      causal: true,
      blocks: one('long-conv', { lambda: 0.0005, kernelDropout: 0, form: 'monarch' }),
    },
    {
      name: 'long-conv, geometric, smooth, two-sided',
      causal: false,
      blocks: one('long-conv', { init: 'geometric', window: 3, lambda: 0.0005, kernelDropout: 0, bidirectional: true }),
    },
  ],
  parameters: [
    [{}, 2 * H * H + 3 * H + H * L],
    [{ channels: 2, bidirectional: true }, 4 * H * H + 4 * H + 4 * H * L],
  ],
  laws: [
    [
      {},
      [
        ['kernel.kernel', 0, 0.002],
        ['D', 0, 1],
      ],
    ],
  ],
};
export default cases;
