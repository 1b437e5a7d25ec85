import { type MixerCases, one } from '../cases.ts';

const H = 32;
const L = 64;
const layer = 2 * H * H + 3 * H;
/** Numbers of one set: 2 (4 + 16 + ... + n^2). */
const set = (largest: number): number => (largest < 2 ? 0 : 2 * largest * largest + set(largest / 2));

// The exact matrices of the plain form would leave nothing to see: a larger, additive start is a learned one.
const start = { lambda: 0.0005, kernelDropout: 0, init: 'geometric', additive: true };

const cases: MixerCases = {
  small: [
    { name: 'butterfly, additive', causal: false, blocks: one('butterfly', { ...start, largest: 4, channels: 2 }) },
    {
      name: 'butterfly, additive, per head',
      causal: false,
      blocks: one('butterfly', { ...start, largest: 8, perHead: true }),
    },
    {
      name: 'butterfly, two-sided',
      causal: false,
      blocks: one('butterfly', { ...start, largest: 8, additive: false, bidirectional: true }),
    },
    {
      name: 'butterfly, one matrix for all positions',
      causal: false,
      blocks: one('butterfly', { ...start, largest: 32, taps: 5 }),
    },
  ],
  parameters: [
    [{}, layer + H * L + 2 * 680],
    [{ largest: 32, perHead: true }, layer + H * L + 2 * H * set(32)],
    [{ additive: true, channels: 2, bidirectional: true }, 4 * H * H + 4 * H + 4 * H * L + 2 * set(16)],
  ],
  laws: [
    [{ additive: true, perHead: true }, ['u', 'k'].map((x) => [`block_fft_${x}.mat_16`, 0, 0.01])],
    [{}, [['kernel.kernel', 0, 0.002]]],
  ],
};
export default cases;
