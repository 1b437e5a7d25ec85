import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 'reformer', causal: false, blocks: one('reformer', { heads: 2, chunk: 2, rounds: 2 }) },
    // Later steps are hidden, and yet they move the borders of the chunks: the past moves with the future.
    {
      name: 'reformer, later steps hidden',
      causal: false,
      leak: 'the borders of the chunks',
      blocks: one('reformer', { heads: 1, chunk: 2, rounds: 1, causal: true }),
    },
    {
      name: 'reformer, within buckets, narrow heads',
      causal: false,
      blocks: one('reformer', { heads: 2, inner: 10, chunk: 3, rounds: 3, within: true }),
    },
    {
      name: 'reformer, one chunk',
      causal: false,
      blocks: one('reformer', { heads: 1, chunk: 64, rounds: 2, within: true }),
    },
  ],
  parameters: [
    [{ heads: 4 }, 3 * H * H + H],
    [{ heads: 4, inner: 16, rounds: 3, chunk: 8 }, 3 * 16 * H + H],
  ],
  laws: [
    [
      { heads: 4, chunk: 4, rounds: 2 },
      [
        uniform('qk_proj.weight', -1 / 16, 1 / 16),
        uniform('v_proj.weight', -1 / 16, 1 / 16),
        uniform('out_proj.weight', -1 / 16, 1 / 16),
        ['rotations', 0, 1],
      ],
    ],
  ],
};
export default cases;
