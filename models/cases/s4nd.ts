import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;
const image = { length: 12 };
const shape = { rows: 3, columns: 4 };

const cases: MixerCases = {
  small: [
    { name: 's4nd', causal: false, blocks: one('s4nd', { states: 4, ...shape }), changes: image, unpadded: true },
    {
      name: 's4nd, causal, two channels',
      causal: true,
      blocks: one('s4nd', { states: 4, channels: 2, bidirectional: false, rows: 3 }),
      changes: image,
      unpadded: true,
    },
    {
      name: 's4nd, one row, no output map',
      causal: false,
      blocks: one('s4nd', { states: 2, init: 'legs', output: 'none', rows: 1 }),
      changes: image,
      unpadded: true,
    },
  ],
  // Per axis: steps, one matrix of 32 modes with B, and two sides of C.
  parameters: [[{ states: 64 }, 2 * H * H + 2 * H + H + 2 * (H + 32 + 32 + 64 + 2 * 64 * H)]],
  laws: [
    [
      { states: 64 },
      [
        ['layer.D', 0, 1],
        ...[0, 1].map((i) => uniform(`layer.kernel.${i}.inv_dt`, Math.log(0.1), 0)),
        ['layer.kernel.0.C', 0, Math.SQRT1_2],
      ],
    ],
  ],
};
export default cases;
