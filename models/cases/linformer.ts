import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;
const L = 64;

const cases: MixerCases = {
  small: [
    { name: 'linformer', causal: false, blocks: one('linformer', { heads: 2, rank: 4 }) },
    {
      name: 'linformer, one key head, longer projections',
      causal: false,
      blocks: one('linformer', { heads: 3, rank: 5, oneHead: true, longest: 17, inner: 9 }),
    },
    {
      name: 'linformer, values are keys',
      causal: false,
      blocks: one('linformer', { heads: 2, rank: 3, shared: true }),
      changes: { positions: true, prenorm: false },
    },
    {
      name: 'linformer, one key head, values are keys',
      causal: false,
      blocks: one('linformer', { heads: 3, rank: 20, shared: true, oneHead: true }),
    },
  ],
  parameters: [
    [{ heads: 4, rank: 16 }, 4 * H * H + H + 2 * L * 16],
    [{ heads: 4, rank: 16, shared: true, longest: 100 }, 3 * H * H + H + 100 * 16],
    [{ heads: 4, rank: 16, oneHead: true }, 2 * H * H + 2 * 8 * H + H + 2 * L * 16],
    [{ heads: 4, rank: 16, oneHead: true, shared: true, inner: 48 }, 2 * 48 * H + 12 * H + H + L * 16],
  ],
  laws: [
    [
      { heads: 4, rank: 64 },
      [
        ...['to_q', 'to_k', 'to_v', 'to_out'].map((p) => uniform(`${p}.weight`, -1 / 16, 1 / 16)),
        uniform('to_out.bias', -1 / 16, 1 / 16),
        uniform('proj_k', -1 / 8, 1 / 8),
        uniform('proj_v', -1 / 8, 1 / 8),
      ],
    ],
  ],
};
export default cases;
