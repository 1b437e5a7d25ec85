/** Initial parameters that the state space kernels share. Stored forms: arXiv 2111.00396, 2206.11893. */

import { type DiagonalKind, diagonalModes, legsNormalForm, storedModes } from '../../kernels/numerics/hippo.ts';
import type { Stream } from '../../kernels/tensor/random.ts';
import { convolutionDefaults, convolutionOptions } from '../layers/convolution.ts';
import { even, orNull, positive, rates, whole } from '../options.ts';
import type { ParameterHints } from '../parameters.ts';
import { legsStart } from './legs.ts';

/** log of the step of each channel, log-uniform in [min, max]. */
export function logSteps(stream: Stream, H: number, min: number, max: number): Float64Array {
  if (min > max) throw new RangeError(`steps cannot start from ${min} to ${max}: dtMin must not be larger than dtMax`);
  return stream.uniforms(H, Math.log(min), Math.log(max));
}

/** Complex N(0, 1): variance 1/2 in each part, (re, im) pairs. */
export const complexNormals = (stream: Stream, n: number): Float64Array => stream.normals(2 * n, Math.SQRT1_2);

/** Stored start of a diagonal state matrix, A = -exp(aReal) - i aImag, and of the (real) input vector B. */
export interface Diagonal {
  aReal: Float64Array;
  aImag: Float64Array;
  B: Float64Array;
}

/**
 * S4D's families (Gu, Gupta, Goel and Re 2022, arXiv 2206.11893, section 4), n = 0 .. N/2 - 1:
 *   lin   -1/2 - i pi n                     inv   -1/2 - i (N/pi)(N/(2n+1) - 1)
 *   quad  -1/2 - i (1+2n)^2/pi              real  -(n+1)
 *   legs  the normal part of HiPPO-LegS, with its B (the paper's factor 1/2 on B is dropped, as in the code)
 * Frequencies below 1e-4 are raised to it, as the public parameter transform does.
 */
export function diagonal(kind: DiagonalKind, N: number): Diagonal {
  const { A } = diagonalModes(kind, N);
  const B = kind === 'legs' ? legsStart(N).P.map((p) => Math.SQRT2 * p) : new Float64Array(N / 2).fill(1);
  return { ...storedModes(A), B };
}

const knownSkew = new Map<number, Float64Array>();

/**
 * DSS's frequencies (Gupta, Gu and Berant 2022, arXiv 2203.14343, section 4): the N positive imaginary parts, largest
 * first, of the eigenvalues of the skew part of the 2N x 2N HiPPO-LegS matrix.
 */
export function skewModes(N: number): Float64Array {
  let modes = knownSkew.get(N);
  if (!modes) knownSkew.set(N, (modes = Float64Array.from(legsNormalForm(2 * N).lambda, ({ im }) => -im)));
  return modes;
}

/** `values` repeated `copies` times. */
export function tile(values: Float64Array, copies: number): Float64Array {
  const out = new Float64Array(values.length * copies);
  for (let s = 0; s < copies; s++) out.set(values, s * values.length);
  return out;
}

/** Real numbers as (re, im) pairs. */
export const asPairs = (values: Float64Array): Float64Array =>
  Float64Array.from({ length: 2 * values.length }, (_, i) => (i % 2 === 0 ? values[i >> 1] : 0));

/** Learning rates of a state space kernel; null: the run's own. No weight decay on any of them. */
export interface KernelRates {
  dt: number | null;
  A: number | null;
  B: number | null;
}
export const kernelHints = (lr: number | null): ParameterHints => ({ ...(lr === null ? {} : { lr }), weightDecay: 0 });

/** Options that S4 and S4D share, as on LRA. */
export const stateSpaceDefaults = {
  ...convolutionDefaults,
  states: 64,
  copies: null,
  dtMin: 0.001,
  dtMax: 0.1,
  lr: { dt: 0.001, A: 0.001, B: 0.001 },
};

export const stepOptions = { dtMin: positive, dtMax: positive };

export const stateSpaceOptions = {
  ...convolutionOptions,
  ...stepOptions,
  states: even,
  copies: orNull(whole(1)),
  lr: rates('dt', 'A', 'B'),
};

/** S, checked: the channels are dealt evenly to the state matrices. */
export function stateCopies(copies: number | null, H: number): number {
  const S = copies ?? H;
  if (!(S >= 1) || H % S !== 0)
    throw new RangeError(
      `${S} state matrices cannot be shared by ${H} channels: copies must be a divisor of the width`,
    );
  return S;
}
