import { type MixerCases, one, uniform } from '../cases.ts';

const [H, N] = [32, 16];
/** Two state spaces, two maps to the gate's width I and one back, four of the width. */
const count = (I: number) => 2 * (2 + 4 * N) + 2 * (H + 1) * I + (I + 1) * H + 4 * (H + 1) * H;

const cases: MixerCases = {
  small: [
    { name: 'bigs', causal: false, blocks: one('bigs', { states: 4, deviation: 0.5 }) },
    {
      name: 'bigs, narrow gate, pass by pass',
      causal: false,
      blocks: one('bigs', { states: 3, inner: 5, deviation: 0.7, dtMax: 0.1, form: 'unfused' }),
      changes: { norm: 'batch' },
    },
  ],
  parameters: [
    [{ states: N }, count(4 * H)],
    [{ states: N, inner: 10 }, count(10)],
  ],
  laws: [
    [
      { states: 256 },
      [['fs4.kernel.C', 0, Math.SQRT1_2], uniform('bs4.kernel.A_im', 0, 255 * Math.PI), ['dv.weight', 0, 0.02]],
    ],
  ],
};
export default cases;
