import { type MixerCases, one } from '../cases.ts';

const H = 32;

const cases: MixerCases = {
  small: [
    { name: 'gss', causal: true, blocks: one('gss', { states: 5, reduced: 3, gate: 8 }) },
    { name: 'gss of the default widths', causal: true, blocks: one('gss', { states: 3, imagExp: false }) },
    {
      name: 'gss, reversed',
      causal: false,
      blocks: one('gss', { states: 4, reduced: 2, gate: 5, reverse: true }),
      changes: { norm: 'batch' },
    },
  ],
  parameters: [
    // W_u, W_v, W_g, W_o and its bias; the inner norm and D; Lambda and C.
    [{}, 4 * H * H + (H * H) / 4 + H * H + 4 * H * H + H + 3 * (H / 4) + 2 * 512 + 2 * 512 * (H / 4)],
    [{ states: 7, reduced: 5, gate: 20 }, 20 * H + 5 * H + 20 * 5 + 20 * H + H + 3 * 5 + 2 * 7 + 2 * 7 * 5],
  ],
  laws: [
    [
      { states: 64 },
      [
        ['dss.Lambda_real', 0, 1],
        ['dss.Lambda_imag', 0, 1],
        ['dss.C_real', 0, 1],
        ['dss.C_imag', 0, 1],
        ['dss.param_D', 0, 1],
      ],
    ],
  ],
};
export default cases;
