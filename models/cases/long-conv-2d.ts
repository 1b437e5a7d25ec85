import { type MixerCases, one } from '../cases.ts';

const H = 32;
const image = { length: 12 };
const taps = { lambda: 0.0005, kernelDropout: 0 };

const cases: MixerCases = {
  small: [
    {
      name: 'long-conv-2d',
      causal: false,
      blocks: one('long-conv-2d', { ...taps, rows: 4, init: 'geometric' }),
      changes: image,
      unpadded: true,
    },
    {
      name: 'long-conv-2d, causal, two channels, smooth',
      causal: true,
      blocks: one('long-conv-2d', {
        ...taps,
        window: 3,
        columns: 4,
        channels: 2,
        bidirectional: false,
        output: 'linear',
      }),
      changes: image,
      unpadded: true,
    },
  ],
  // An image of 8 x 8.
  parameters: [[{}, 2 * H * H + 2 * H + H + 2 * 2 * 8 * H]],
  laws: [
    [
      {},
      [
        ['D', 0, 1],
        ['kernel.0.kernel', 0, 0.002],
        ['kernel.1.kernel', 0, 0.002],
      ],
    ],
  ],
};
export default cases;
