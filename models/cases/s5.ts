import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;
/** Stored numbers of P' states: lambda, B, step; C per side; D; the gate's map. */
const count = (stored: number, sides = 1, maps = 1) =>
  2 * stored + 2 * stored * H + stored + sides * 2 * stored * H + H + maps * (H * H + H);

const cases: MixerCases = {
  small: [
    { name: 's5', causal: true, blocks: one('s5', { states: 4, blocks: 1 }) },
    {
      name: 's5 of two blocks, bilinear, half_glu2',
      causal: true,
      blocks: one('s5', {
        ...{ states: 8, blocks: 2, discretisation: 'bilinear', activation: 'half_glu2' },
        start: 'trunc_standard_normal',
      }),
      changes: { norm: 'batch', prenorm: false },
    },
    {
      name: 's5 two-sided, C apart, full_glu',
      causal: false,
      blocks: one('s5', { states: 4, blocks: 1, bidirectional: true, activation: 'full_glu' }),
    },
    {
      name: 's5 two-sided, C joined, without pairs, gelu',
      causal: false,
      blocks: one('s5', {
        ...{ states: 4, blocks: 2, bidirectional: true, start: 'complex_normal', conjugate: false },
        ...{ activation: 'gelu', gelu: 'exact' },
      }),
    },
    {
      name: 's5 clipped, at another rate',
      causal: true,
      blocks: one('s5', { states: 6, blocks: 1, clip: true, rescale: 2 }),
    },
  ],
  parameters: [
    [{ states: 64, blocks: 4 }, count(32)],
    [{ states: 64, blocks: 4, bidirectional: true }, count(32, 2)],
    [{ states: 64, blocks: 2, bidirectional: true, start: 'complex_normal' }, count(32, 2)],
    [{ states: 64, conjugate: false, activation: 'full_glu' }, count(64, 1, 2)],
    [{ states: 64, activation: 'gelu' }, count(32, 1, 0)],
  ],
  laws: [
    [
      { states: 64, blocks: 4 },
      [
        // |column of V| = 1 and the state is P = 64: E|B|^2 = 1/P, E|C|^2 = 2/(H P), half of it in each part.
        ['seq.B', 0, Math.sqrt(1 / 64 / 2)],
        ['seq.C', 0, Math.sqrt(1 / (256 * 64))],
        ['seq.D', 0, 1],
        uniform('seq.log_step', Math.log(0.001), Math.log(0.1)),
        ['out2.kernel', 0, 1 / 16, -2 / 16 / 0.8796, 2 / 16 / 0.8796],
      ],
    ],
    [{ states: 64, blocks: 1, start: 'trunc_standard_normal' }, [['seq.C', 0, Math.sqrt(1 / 64)]]],
    [
      { states: 64, bidirectional: true, conjugate: false },
      [
        ['seq.C1', 0, Math.sqrt(1 / (256 * 64))],
        ['seq.C2', 0, Math.sqrt(1 / (256 * 64))],
      ],
    ],
    [
      { states: 64, start: 'complex_normal', bidirectional: true, dtMin: 1e-4 },
      [['seq.C', 0, Math.SQRT1_2], uniform('seq.log_step', Math.log(1e-4), Math.log(0.1))],
    ],
  ],
};
export default cases;
