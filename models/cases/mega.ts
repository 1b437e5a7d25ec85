import { type MixerCases, one } from '../cases.ts';

const H = 32;
/** Moving average (per side), values, the map of m, output map, gamma and beta. */
const count = (Z: number, E: number, n: number, sides: number): number =>
  sides * 4 * H * n + H + (E * H + E) + (2 * H + Z + E) * (H + 1) + (H * E + H) + 4 * Z;

/** Large enough for the attention to matter from the start. */
const small = { keys: 4, values: 5, decays: 2, deviation: 0.5 };

const cases: MixerCases = {
  small: [
    { name: 'mega softmax, two-sided', causal: false, blocks: one('mega', small) },
    {
      name: 'mega in chunks, causal, rotary',
      causal: true,
      blocks: one('mega', { ...small, chunk: 5, causal: true, bidirectional: false, bias: 'rotary' }),
    },
    {
      name: 'mega laplace in chunks, causal, after the sum',
      causal: true,
      blocks: one('mega', { ...small, chunk: 4, causal: true, bidirectional: false, weighting: 'laplace' }),
      changes: { prenorm: false },
    },
    {
      name: 'mega relu2 in chunks, two-sided, truncated',
      causal: false,
      blocks: one('mega', { ...small, chunk: 6, weighting: 'relu2', bias: 'rotary', truncation: 3 }),
    },
    {
      name: 'mega laplace, one-sided average',
      causal: false,
      blocks: one('mega', { ...small, weighting: 'laplace', bidirectional: false, decays: 1 }),
      changes: { norm: 'batch' },
    },
    {
      name: 'mega with S4D, two-sided, in chunks',
      causal: false,
      blocks: one('mega', { ...small, average: 's4d', chunk: 5, weighting: 'laplace' }),
      changes: { norm: 'batch' },
    },
    {
      name: 'mega with S4, causal, in chunks',
      causal: true,
      blocks: one('mega', { ...small, average: 's4', decays: 4, chunk: 4, causal: true, bidirectional: false }),
    },
    {
      name: 'mega softmax over the past',
      causal: true,
      blocks: one('mega', { ...small, causal: true, bidirectional: false }),
    },
  ],
  parameters: [
    [{ keys: 8, values: 20, decays: 4 }, count(8, 20, 4, 2) + 2 * 64 - 1],
    [{ keys: 8, chunk: 16, bidirectional: false, causal: true }, count(8, 2 * H, 16, 1) + 2 * 16 - 1],
    [{ keys: 8, chunk: 16, bias: 'rotary' }, count(8, 2 * H, 16, 2) + 2 * 8],
    // A step, A and B of 8 pairs, C for either side.
    [{ keys: 8, chunk: 16, average: 's4d' }, count(8, 2 * H, 0, 2) + 31 + H * (1 + 16 + 16 + 2 * 16)],
    [{ keys: 8, chunk: 16, average: 's4' }, count(8, 2 * H, 0, 2) + 31 + H * (1 + 16 + 16 + 16 + 2 * 16)],
  ],
  laws: [
    [
      {},
      [
        ['move.delta', 0, 0.2],
        ['move.alpha', 0, 0.2],
        // Half +1, half -1.
        ['move.beta', 0, Math.sqrt(1 + 0.02 ** 2)],
        ['move.gamma', 0, 1],
        ['move.omega', 0, 1],
        ['v_proj.weight', 0, 0.02],
        ['mx_proj.weight', 0, 0.02],
        ['h_proj.weight', 0, 0.02],
        ['gamma', 0, 0.02],
        ['rel_pos_bias.rel_pos_bias', 0, 0.02],
      ],
    ],
    [
      { bias: 'rotary' },
      [
        ['rel_pos_bias.alpha', 0, 0.02],
        ['rel_pos_bias.beta', 0, 0.02],
      ],
    ],
  ],
};
export default cases;
