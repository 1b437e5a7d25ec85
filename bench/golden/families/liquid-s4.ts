/** Golden family `liquid-s4`: the exact recurrence and the KB and PB truncations of any degree. */
import type { Device } from '../../../kernels/device/device.ts';
import { discretisations } from '../../../kernels/ops/liquid-scan/op.ts';
import { permute } from '../../../kernels/ops/permute/op.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import { forms, liquidConvolution, liquidExact } from '../../../models/layers/liquid.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';
import { transformKeys } from '../transforms.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...transformKeys,
    ...{ B: anything, H: anything, L: anything, N: anything, n_ssm: anything, init: anything, seed: anything },
    ...{ grad_of: anything, op: anything, f32_max_rel_dev: anything },
    mode: forms,
    degree: (value) => value == null || (Number.isInteger(value) && Number(value) >= 1),
    disc: [...discretisations, null],
  });
  using g = new CaseGraph(c, device);
  const { t } = g;
  const u = g.operand('u');
  const H = u.shape[1];
  const parameter = (name: string, shape: (x: Tensor) => number[]) => {
    const x = g.operand(name);
    return t.reshape(x, shape(x));
  };
  const last = (n: number) => (x: Tensor) => x.shape.slice(x.shape.length - n);
  const parameters = {
    invDt: parameter('inv_dt', () => [H, 1]),
    aReal: parameter('A_real', last(2)),
    aImag: parameter('A_imag', last(2)),
    B: parameter('B', (x) => [1, ...last(3)(x)]),
    C: parameter('C', (x) => [1, ...last(3)(x)]),
  };
  const D = g.c.has('D') ? parameter('D', () => [1, H]) : t.tensor(new Float64Array(H), [1, H]);
  const { mode, degree, disc } = c.config;
  const options = { disc: disc ?? 'zoh', degree: degree ?? 2 };
  const y =
    mode === 'exact'
      ? permute(t, liquidExact(t, permute(t, u, [0, 2, 1]), parameters, D, options), [0, 2, 1])
      : liquidConvolution(t, u, parameters, D, { ...options, which: mode, form: 'fused' });
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: device.implementation(mode === 'exact' ? 'liquid-scan' : 's4d-kernel') };
}
