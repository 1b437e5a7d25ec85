import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 'attention', causal: false, blocks: [...one('attention', { heads: 2 }), ...one('mlp', { ratio: 2 })] },
    {
      name: 'attention, causal, narrow heads',
      causal: true,
      blocks: one('attention', { heads: 3, causal: true, inner: 9 }),
    },
  ],
  parameters: [
    [{ heads: 4 }, 4 * (H * H + H)],
    [{ heads: 4, inner: 16 }, 3 * (16 * H + 16) + H * 16 + H],
  ],
  laws: [
    [
      { heads: 4 },
      ['q_proj', 'k_proj', 'v_proj', 'out_proj'].flatMap((p) => [
        uniform(`${p}.weight`, -1 / 16, 1 / 16),
        uniform(`${p}.bias`, -1 / 16, 1 / 16),
      ]),
    ],
  ],
};
export default cases;
