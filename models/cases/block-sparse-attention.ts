import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;
const id = 'block-sparse-attention';

const cases: MixerCases = {
  small: [
    { name: 'block-sparse-attention, butterfly', causal: false, blocks: one(id, { heads: 2, block: 2 }) },
    {
      name: 'block-sparse-attention, butterfly, causal',
      causal: true,
      blocks: one(id, { heads: 3, block: 4, causal: true }),
    },
    {
      name: 'block-sparse-attention, sliding, wide heads',
      causal: false,
      blocks: one(id, { heads: 2, inner: 10, block: 3, pattern: 'sliding', reach: 0 }),
    },
    {
      name: 'block-sparse-attention, sliding, causal, nothing global',
      causal: true,
      blocks: one(id, { heads: 1, block: 2, pattern: 'sliding', global: 0, causal: true }),
    },
  ],
  parameters: [
    [{ heads: 4 }, 4 * (H * H + H)],
    [{ heads: 4, inner: 16, block: 7, pattern: 'sliding' }, 3 * (16 * H + 16) + H * 16 + H],
  ],
  laws: [[{}, ['q_proj', 'k_proj', 'v_proj', 'out_proj'].map((map) => uniform(`${map}.weight`, -1 / 16, 1 / 16))]],
};
export default cases;
