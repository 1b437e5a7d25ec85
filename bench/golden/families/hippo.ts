/** Golden family `hippo`: LegS and its normal form, by host numerics in float64 (the same on every device). */
import type { Device } from '../../../kernels/device/device.ts';
import { type Complex, complex, conj, mul } from '../../../kernels/numerics/complex.ts';
import { fourierNormalForm, legs, legsNormalForm } from '../../../kernels/numerics/hippo.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';
import { anything, requireConfig } from '../graph.ts';

const pairs = (x: readonly Complex[]): number[] => x.flatMap(({ re, im }) => [re, im]);
const sizes = (x: readonly Complex[]): number[] => x.map(({ re, im }) => Math.hypot(re, im));

export async function run(c: GoldenCase, _device: Device): Promise<GoldenResult> {
  requireConfig(c, { N: anything, init: ['legs', 'fourier', 'fout'], rank: [1] });
  const { N, init } = c.config;
  const form = init === 'legs' ? legsNormalForm(N) : fourierNormalForm(N);
  const computed = new Map<string, ArrayLike<number>>();
  if (init === 'legs') {
    const { A, B, P } = legs(N);
    computed.set('A', A).set('B', B).set('P', P);
  } else if (c.has('A')) throw new UnsupportedCase('the dense Fourier matrices are not implemented');
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
