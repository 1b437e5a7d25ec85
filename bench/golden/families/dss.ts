/** Golden family `dss`: kernels of diagonal state spaces whose modes all channels share, in the versions of DSS's code. */
import type { Device } from '../../../kernels/device/device.ts';
import { dssKernel } from '../../../kernels/ops/dss-kernel/op.ts';
import { slice } from '../../../kernels/ops/slice/op.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import { dssVersion, dssVersions } from '../../../models/mixers/dss.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...Object.fromEntries(['B', 'H', 'N', 'L', 'channels', 'l_max', 'dt_min', 'dt_max'].map((key) => [key, anything])),
    // What matters of these is in the parameters.
    Lambda_init: anything,
    sep_dt_re_im: [true, false, null],
    bidirectional: [true, false, null],
    version: [...dssVersions, null],
    epsilon: anything,
    max_real_Lambda: anything,
    kernel_to_real: ['real', null],
    grad_of: anything,
    f32_max_rel_dev: anything,
  });
  using g = new CaseGraph(c, device);
  const { t } = g;
  const { version, epsilon, max_real_Lambda, L } = c.config;
  /** Column of Lambda (N, 2) as (N). */
  const part = (column: number): Tensor => {
    const lambda = g.operand('Lambda');
    return t.reshape(slice(t, lambda, { axis: 1, start: column, length: 1 }), [lambda.shape[0]]);
  };
  const stored = (names: string[], column: number): Tensor => {
    const name = names.find((n) => c.has(n));
    return name ? g.operand(name) : part(column);
  };
  const re = stored(['Lambda_log_neg_re'], 0);
  const im = stored(['Lambda_log_im', 'Lambda_im'], 1);
  const W = g.operand('W');
  const pairs = W.shape.length === 3 ? t.reshape(W, [1, ...W.shape]) : W;
  const length = L ?? c.get('g').shape.at(-1);
  const attrs = {
    ...dssVersion(version ?? 'softmax', { epsilon: epsilon ?? undefined, ceiling: max_real_Lambda ?? undefined }),
    length,
    span: null,
  };
  const K = dssKernel(t, { logStep: g.operand('log_dt'), re, im, W: pairs }, attrs);
  const computed = new Map<string, ArrayLike<number>>([['K', await K.read()]]);
  for (const [name, grad] of await g.gradients(K)) computed.set(name, grad);
  return { computed, implementation: device.implementation('dss-kernel') };
}
