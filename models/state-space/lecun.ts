/**
 * LeCun's normal initial values as JAX draws them: variance 1/fanIn, from a normal distribution cut at two standard
 * deviations and widened so that the variance is right (the cut alone would leave 0.8796 of the deviation).
 */
import type { Stream } from '../../kernels/tensor/random.ts';

/** Standard deviation of a standard normal cut at -2 and 2. */
export const cutDeviation = 0.87962566103423978;

export function lecunNormals(stream: Stream, n: number, fanIn: number): Float64Array {
  const scale = 1 / (cutDeviation * Math.sqrt(fanIn));
  const out = new Float64Array(n);
  for (let have = 0; have < n; ) {
    const draw = stream.normals(n - have);
    for (const x of draw) if (Math.abs(x) <= 2) out[have++] = scale * x;
  }
  return out;
}
