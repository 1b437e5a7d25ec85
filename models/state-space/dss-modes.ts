/** The stored parameters of modes that all channels share (DSS, GSS) as discrete modes: c = W f of each. */
import { exp, mul, pair, scale, setPair } from '../../kernels/numerics/complex.ts';
import { type DssAttrs, type DssParameters, stepsOf } from '../../kernels/ops/dss-kernel/op.ts';
import { discretised, storedLambda } from '../../kernels/ops/dss-kernel/reference.ts';
import type { Modes } from './recurrence.ts';

/** Largest power of e that a growing mode may reach within the sequence: float32 ends at e^88, float64 at e^709. */
const most = { f32: 80, f64: 700 };

/**
 * The discrete modes; `softmax` is that of `attrs.length` steps. Its growing modes, exp(x (l - (S-1))), have the small
 * constant in c and grow in the state: one that outgrows the numbers of the device is an error.
 */
export async function dssModes(p: DssParameters, attrs: DssAttrs, real: 'f32' | 'f64'): Promise<Modes> {
  const [channels, H, N] = p.W.shape;
  const [re, im, W] = await Promise.all([p.re, p.im, p.W].map((x) => x.read()));
  const logStep = await p.logStep?.read();
  const count = stepsOf(p.logStep?.shape ?? null);
  const a = new Float64Array(2 * H * N);
  const c = new Float64Array(2 * channels * H * N);
  for (let h = 0; h < H; h++)
    for (let n = 0; n < N; n++) {
      const steps = [0, count - 1].map((i) => (logStep ? Math.exp(logStep[h * count + i]) : 1)) as [number, number];
      const { lambda } = storedLambda(re[n], im[n], attrs);
      const { x, f, shift } = discretised(lambda, steps, count < 2, attrs);
      if (shift * x.re > most[real])
        throw new RangeError(
          `mode ${n} of channel ${h} grows by e^${(shift * x.re).toFixed(0)} in ${attrs.length} steps, more than the ` +
            'device can hold: use the convolution, which scales it',
        );
      setPair(a, h * N + n, exp(x));
      const factor = mul(f, exp(scale(x, -shift)));
      for (let k = 0; k < channels; k++) {
        const at = (k * H + h) * N + n;
        setPair(c, at, mul(pair(W, at), factor));
      }
    }
  return { width: H, modes: N, channels, a, c };
}
