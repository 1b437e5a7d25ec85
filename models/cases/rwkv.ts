import { type MixerCases, one } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 'rwkv', causal: true, blocks: one('rwkv', { start: 'uniform' }) },
    {
      name: 'rwkv with its channel mix, after the sum',
      causal: true,
      blocks: [
        { mixer: 'rwkv', config: { start: 'uniform' } },
        { mixer: 'rwkv-channel-mix', config: { start: 'uniform' } },
      ],
      changes: { prenorm: false },
    },
    { name: 'rwkv as it starts', causal: true, blocks: one('rwkv') },
  ],
  parameters: [[{}, 4 * H * H + 5 * H]],
  laws: [
    [
      {},
      [
        // W W^T = 1: every entry has variance 1 / 256.
        ['value.weight', 0, 1 / 16],
        ['time_first', Math.log(0.3), Math.sqrt(1 / 6), Math.log(0.3) - 0.5, Math.log(0.3) + 0.5],
        // -5 + 8 x^0.7, x uniform: 8 / 1.7 - 5, and 8 sqrt(1 / 2.4 - 1 / 1.7^2).
        ['time_decay', 8 / 1.7 - 5, 8 * Math.sqrt(1 / 2.4 - 1 / 2.89), -5, 3],
        ['time_mix_k', 0.5, Math.sqrt(1 / 12), 0, 1],
        ['time_mix_r', 2 / 3, Math.sqrt(1 / 18), 0, 1],
      ],
    ],
    [{ start: 'uniform' }, [['key.weight', 0, 1 / 16 / Math.sqrt(3), -1 / 16, 1 / 16]]],
  ],
};
export default cases;
