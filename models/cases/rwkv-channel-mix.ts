import { type MixerCases, one } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 'rwkv channel mix', causal: true, blocks: one('rwkv-channel-mix', { start: 'uniform', inner: 9 }) },
    { name: 'rwkv channel mix as it starts', causal: true, blocks: one('rwkv-channel-mix') },
  ],
  parameters: [
    [{}, 9 * H * H + 2 * H],
    [{ inner: 10 }, 20 * H + H * H + 2 * H],
  ],
  laws: [
    [
      {},
      [
        // Orthonormal columns times 2 in 1024 rows: every entry has variance 4 / 1024.
        ['key.weight', 0, 1 / 16],
        ['time_mix_k', 0.5, Math.sqrt(1 / 12), 0, 1],
      ],
    ],
  ],
};
export default cases;
