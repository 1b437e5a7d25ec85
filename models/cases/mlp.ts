import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 'mlp, tanh GELU', causal: true, blocks: one('mlp', { inner: 5, activation: 'gelu-tanh' }) },
    { name: 'mlp, SiLU', causal: true, blocks: one('mlp', { inner: 5, activation: 'silu' }) },
  ],
  parameters: [[{ ratio: 4 }, 8 * H * H + 5 * H]],
  laws: [
    [
      { ratio: 2 },
      [uniform('fc1.weight', -1 / 16, 1 / 16), uniform('fc2.weight', -1 / Math.sqrt(512), 1 / Math.sqrt(512))],
    ],
  ],
};
export default cases;
