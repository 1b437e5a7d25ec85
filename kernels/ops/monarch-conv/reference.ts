/** The same operator as fft-conv: only the order of the arithmetic differs. */
export { backward, forward } from '../fft-conv/reference.ts';
