import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 'flash-attention', causal: false, blocks: one('flash-attention', { heads: 2 }) },
    { name: 'flash-attention, causal', causal: true, blocks: one('flash-attention', { heads: 1, causal: true }) },
  ],
  parameters: [[{ heads: 4 }, 4 * (H * H + H)]],
  laws: [[{}, ['q_proj', 'k_proj', 'v_proj', 'out_proj'].map((map) => uniform(`${map}.weight`, -1 / 16, 1 / 16))]],
};
export default cases;
