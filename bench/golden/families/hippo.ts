/** Golden family `hippo`: LegS and its normal form, by host numerics in float64 (the same on every device). */
import type { Device } from '../../../kernels/device/device.ts';
import { type Complex, complex, conj, mul } from '../../../kernels/numerics/complex.ts';
import { fourier, fourierNormalForm, legs, legsNormalForm } from '../../../kernels/numerics/hippo.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, requireConfig } from '../graph.ts';

const pairs = (x: readonly Complex[]): number[] => x.flatMap(({ re, im }) => [re, im]);
const sizes = (x: readonly Complex[]): number[] => x.map(({ re, im }) => Math.hypot(re, im));

export async function run(c: GoldenCase, _device: Device): Promise<GoldenResult> {
  requireConfig(c, { N: anything, init: ['legs', 'fourier', 'fout', null], rank: [1, null] });
  const init = c.config.init ?? 'legs';
  const N = c.config.N ?? 2 * c.get('W').shape[0];
  const form = init === 'legs' ? legsNormalForm(N) : fourierNormalForm(N);
  const { A, B, P } = init === 'legs' ? legs(N) : fourier(N);
  const computed = new Map<string, ArrayLike<number>>([
    ['A', A],
    ['B', B],
    ['P', P],
  ]);
  const w = form.lambda.map(({ im }) => im);
  return {
    computed: computed
      .set('W', pairs(form.lambda))
      .set(
        'eig_imag_all',
        [...w, ...w.map((x) => -x)].sort((a, b) => a - b),
      )
      .set('abs_Bv', sizes(form.B))
      .set('abs_Pv', sizes(form.P))
      .set('Bv_conjPv', pairs(form.B.map((b, n) => mul(b, conj(form.P[n] ?? complex(0)))))),
    implementation: 'host/float64',
  };
}
