import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 'local-attention', causal: false, blocks: one('local-attention', { heads: 2, window: 3 }) },
    {
      name: 'local-attention, causal, rotary, narrow heads',
      causal: true,
      blocks: one('local-attention', { heads: 2, inner: 4, window: 4, causal: true, rotary: true }),
    },
    {
      name: 'local-attention, exact, ahead only',
      causal: false,
      blocks: one('local-attention', { heads: 3, window: 2, back: 0, ahead: 2, exact: true }),
    },
    {
      name: 'local-attention, exact, causal, one step back',
      causal: true,
      blocks: one('local-attention', { heads: 1, window: 1, causal: true, exact: true }),
    },
  ],
  parameters: [
    [{ heads: 4 }, 4 * (H * H + H)],
    [{ heads: 4, inner: 16, rotary: true, window: 7 }, 3 * (16 * H + 16) + H * 16 + H],
  ],
  laws: [[{}, ['q_proj', 'k_proj', 'v_proj', 'out_proj'].map((map) => uniform(`${map}.weight`, -1 / 16, 1 / 16))]],
};
export default cases;
