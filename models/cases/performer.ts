import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;
const constant = 'the maximum is a constant in the gradient';

const cases: MixerCases = {
  small: [
    { name: 'performer', causal: false, blocks: one('performer', { heads: 2 }), notDerivative: constant },
    // Without eps the maximum cancels, and the gradient is the derivative.
    {
      name: 'performer, eps 0',
      causal: false,
      blocks: one('performer', { heads: 2, features: 5, eps: 0, bias: true }),
    },
    {
      name: 'performer, causal',
      causal: true,
      blocks: one('performer', { heads: 3, causal: true, inner: 9, features: 7 }),
      notDerivative: constant,
    },
    {
      name: 'performer, causal, eps 0',
      causal: true,
      blocks: one('performer', { heads: 1, causal: true, features: 4, eps: 0, rows: 'equal' }),
      changes: { positions: true },
    },
    {
      name: 'performer, causal sums, the maximum of all keys as published',
      causal: false,
      leak: 'the maximum, a constant in the gradient',
      blocks: one('performer', { heads: 2, causal: true, keyMaximum: 'sequence', features: 6 }),
      notDerivative: constant,
    },
    {
      name: 'performer, causal, relu',
      causal: true,
      blocks: one('performer', { heads: 2, causal: true, kernel: 'relu', features: 8 }),
    },
    { name: 'performer, relu', causal: false, blocks: one('performer', { heads: 3, kernel: 'relu', features: 5 }) },
  ],
  parameters: [
    [{ heads: 4 }, 4 * H * H + H],
    [{ heads: 4, bias: true, inner: 16 }, 3 * (16 * H + 16) + H * 16 + H],
  ],
  laws: [
    [
      { heads: 4 },
      [
        ...['to_q', 'to_k', 'to_v', 'to_out'].map((p) => uniform(`${p}.weight`, -1 / 16, 1 / 16)),
        uniform('to_out.bias', -1 / 16, 1 / 16),
        // Each entry is a normal number: the direction is uniform, the norm that of a normal vector.
        ['fast_attention.projection_matrix', 0, 1],
      ],
    ],
    [{ heads: 4, rows: 'equal', features: 100 }, [['fast_attention.projection_matrix', 0, 1, -8, 8]]],
  ],
};
export default cases;
