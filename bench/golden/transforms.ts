/**
 * How S4's public code may store its positive parameters: the step, minus the real and minus the imaginary part of the
 * modes. Our ops read logarithms of the first two and the third as it is, so a case stored otherwise is translated,
 * and the gradients back: with p = T(x) stored as x, a = log p has da/dx = T'(x) / T(x).
 */
import { type GoldenCase, type GoldenTensor, UnsupportedCase } from './golden.ts';

/** T and its derivative, `param_transform` of state-spaces/s4 (its relu adds 1e-4). */
const transforms: Record<string, (x: number) => { p: number; slope: number }> = {
  none: (x) => ({ p: x, slope: 1 }),
  exp: (x) => ({ p: Math.exp(x), slope: Math.exp(x) }),
  relu: (x) => ({ p: Math.max(x, 0) + 1e-4, slope: x > 0 ? 1 : 0 }),
  sigmoid: (x) => ({ p: 1 / (1 + Math.exp(-x)), slope: 1 / (2 + Math.exp(x) + Math.exp(-x)) }),
  softplus: (x) => ({ p: Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), slope: 1 / (1 + Math.exp(-x)) }),
};
const names = [...Object.keys(transforms), null];

/** Configuration keys that say which, as `requireConfig` takes them. */
export const transformKeys = { dt_transform: names, real_transform: names, imag_transform: names };

/** The last part of a parameter's name, the key of its transform, and the one that our ops know. */
const stored: Record<string, [key: keyof typeof transformKeys, own: string]> = {
  inv_dt: ['dt_transform', 'exp'],
  A_real: ['real_transform', 'exp'],
  A_imag: ['imag_transform', 'none'],
};

export interface Translated {
  values: Float64Array;
  /** d values / d stored, by element. */
  slopes: Float64Array;
}

/** The tensor's values as our ops store them; null when the case stores them so, or it is no such parameter. */
export function translated({ config, case: name }: GoldenCase, tensor: GoldenTensor): Translated | null {
  const [key, own] = stored[tensor.name.split('.').at(-1) ?? ''] ?? [];
  const transform = key && (config[key] ?? own);
  if (!transform || transform === own) return null;
  const values = new Float64Array(tensor.data.length);
  const slopes = new Float64Array(tensor.data.length);
  for (const [i, x] of tensor.data.entries()) {
    const { p, slope } = transforms[transform](x);
    if (own === 'exp' && !(p > 0))
      throw new UnsupportedCase(`${name}: ${tensor.name} stores ${p}, it must be positive`);
    values[i] = own === 'exp' ? Math.log(p) : p;
    slopes[i] = own === 'exp' ? slope / p : slope;
  }
  return { values, slopes };
}
