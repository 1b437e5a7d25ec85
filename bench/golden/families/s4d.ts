/** Golden family `s4d`: kernels of diagonal state spaces in all discretisations. */
import type { Device } from '../../../kernels/device/device.ts';
import { discretisations, s4dKernel } from '../../../kernels/ops/s4d-kernel/op.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';
import { transformKeys } from '../transforms.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...transformKeys,
    H: anything,
    N: anything,
    L: anything,
    l_max: anything,
    init: anything,
    rank: anything,
    channels: anything,
    n_ssm: anything,
    grad_of: anything,
    f32_max_rel_dev: anything,
    disc: [...discretisations, null],
  });
  using g = new CaseGraph(c, device);
  const [invDt, aReal, aImag, B] = ['inv_dt', 'A_real', 'A_imag', 'B'].map((name) => g.operand(name));
  const length = c.config.L ?? c.get('K').shape.at(-1);
  const K = s4dKernel(g.t, { invDt, aReal, aImag, B, C: g.operand('C') }, { length, disc: c.config.disc ?? 'zoh' });
  const computed = new Map<string, ArrayLike<number>>([['K', await K.read()]]);
  for (const [name, grad] of await g.gradients(K)) computed.set(name, grad);
  return { computed, implementation: device.implementation('s4d-kernel') };
}
