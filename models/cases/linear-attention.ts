import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;
const names = ['query_projection', 'key_projection', 'value_projection', 'out_projection'];

const cases: MixerCases = {
  small: [
    { name: 'linear attention', causal: false, blocks: one('linear-attention', { heads: 2 }) },
    {
      name: 'linear attention, causal, narrow heads',
      causal: true,
      blocks: one('linear-attention', { heads: 3, causal: true, inner: 9, eps: 0.01 }),
      changes: { prenorm: false },
    },
    {
      name: 'linear attention, causal, one head',
      causal: true,
      blocks: [...one('linear-attention', { heads: 1, causal: true }), ...one('mlp', { ratio: 2 })],
    },
  ],
  parameters: [
    [{ heads: 4 }, 4 * (H * H + H)],
    [{ heads: 4, causal: true, inner: 16 }, 3 * (16 * H + 16) + H * 16 + H],
  ],
  laws: [
    [{ heads: 4 }, names.flatMap((p) => ['weight', 'bias'].map((part) => uniform(`${p}.${part}`, -1 / 16, 1 / 16)))],
  ],
};
export default cases;
