import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 'sgconv', causal: true, blocks: one('sgconv', { kernelDim: 2 }), changes: { prenorm: false } },
    {
      name: 'sgconv, two-sided, learnable decay',
      causal: false,
      blocks: one('sgconv', { kernelDim: 3, mode: 'learnable', decayMin: 0.3, decayMax: 0.9, bidirectional: true }),
    },
    {
      name: 'sgconv, cosine, longer pieces',
      causal: true,
      blocks: one('sgconv', { kernelDim: 4, octaves: 1, init: 'cosine', mode: 'sum', decayMin: 1, decayMax: 3 }),
    },
  ],
  parameters: [
    [{ kernelDim: 8 }, 2 * H * H + 3 * H + 4 * H * 8],
    [{ kernelDim: 8, bidirectional: true, output: 'linear' }, H * H + 2 * H + 2 * 4 * H * 8],
    [{ kernelDim: 8, mode: 'learnable' }, 2 * H * H + 3 * H + 4 * H * 8 + H],
    [{ kernelDim: 8, mode: 'learnable', fixedDecay: true }, 2 * H * H + 3 * H + 4 * H * 8],
  ],
  laws: [
    [{ kernelDim: 8 }, [['kernel_list', 0, 1], ['D', 0, 1], uniform('output_linear.0.bias', -1 / 16, 1 / 16)]],
    [
      { kernelDim: 8, mode: 'learnable', decayMin: 0.5, decayMax: 2, output: 'linear' },
      [uniform('decay', 0.5, 2), uniform('output_linear.weight', -1 / 16, 1 / 16)],
    ],
  ],
};
export default cases;
