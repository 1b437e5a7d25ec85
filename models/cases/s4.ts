import { type MixerCases, one } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 's4', causal: true, blocks: one('s4', { states: 4 }) },
    {
      name: 's4, two-sided, shared, two channels',
      causal: false,
      blocks: one('s4', { states: 4, copies: 2, channels: 2, bidirectional: true }),
    },
  ],
  parameters: [
    [{ states: 64 }, 2 * H * H + 2 * H + 2 * H + (32 + 32 + 64 + 64 + 64) * H],
    [{ states: 16, copies: 2, channels: 3 }, 2 * H * 3 * H + 2 * H + 3 * H + H + 2 * (8 + 8 + 16 + 16) + 3 * 16 * H],
  ],
  laws: [],
};
export default cases;
