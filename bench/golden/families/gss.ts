/** Golden family `gss`: a whole layer, with its outer norm and residual. */
import type { Device } from '../../../kernels/device/device.ts';
import { add } from '../../../kernels/ops/binary/op.ts';
import { layerNorm } from '../../../kernels/ops/layer-norm/op.ts';
import { type GssParameters, gssLayer } from '../../../models/mixers/gss.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...Object.fromEntries(['B', 'L', 'd_model', 'd_gate', 'd_ssm', 'N'].map((key) => [key, anything])),
    lambda_imag_exp: [true, false, null],
    reverse_seq: [true, false, null],
    ln_eps: anything,
    gelu: ['exact', null],
    grad_of: ['y', null],
    f32_max_rel_dev: anything,
  });
  using g = new CaseGraph(c, device);
  const { t } = g;
  const { ln_eps, reverse_seq, lambda_imag_exp } = c.config;
  const eps = ln_eps ?? 1e-5;
  const pair = (re: string, im: string) => ({ re: g.operand(re), im: g.operand(im) });
  const p: GssParameters = {
    u: g.operand('to_u.0.weight'),
    v: g.operand('to_v.0.weight'),
    gate: g.operand('to_gate.weight'),
    out: g.operand('to_out.weight'),
    outBias: g.operand('to_out.bias'),
    norm: { weight: g.operand('dss.norm.weight'), bias: g.operand('dss.norm.bias'), eps },
    lambda: pair('dss.Lambda_real', 'dss.Lambda_imag'),
    C: pair('dss.C_real', 'dss.C_imag'),
    D: g.operand('dss.param_D'),
  };
  const x = g.operand('x');
  const z = layerNorm(t, x, g.operand('norm.weight'), g.operand('norm.bias'), { eps });
  const options = { imagExp: lambda_imag_exp ?? true, reverse: reverse_seq ?? false, form: 'fused' } as const;
  const y = add(t, x, gssLayer(t, z, p, options, {}));
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: `${device.implementation('dss-kernel')} (dss-kernel, fft-conv)` };
}
