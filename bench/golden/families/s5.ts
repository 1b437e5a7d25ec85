/** Golden family `s5`: the state space alone (parameters without a prefix) and the whole layer (`seq.`, `norm.`, `out2.`). */
import type { Device } from '../../../kernels/device/device.ts';
import { batchNorm } from '../../../kernels/ops/batch-norm/op.ts';
import { add } from '../../../kernels/ops/binary/op.ts';
import { layerNorm } from '../../../kernels/ops/layer-norm/op.ts';
import { discretisations } from '../../../kernels/ops/s5-system/op.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import { type Dense, type Gate, gates, s5Gate, s5Sequence } from '../../../models/layers/s5.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, off, requireConfig } from '../graph.ts';

const flag = (value: unknown): boolean => value == null || typeof value === 'boolean';
const allowed = {
  ...{ B: anything, H: anything, P: anything, L: anything, blocks: anything, J: anything, P_stored: anything },
  ...{ C_init: anything, dt_min: anything, dt_max: anything, seed: anything, grad_of: anything, op: anything },
  ...{ ln_eps: anything, bn_eps: anything, bn_momentum: anything, f32_max_rel_dev: anything, dropout: off },
  ...{ bidirectional: flag, conj_sym: flag, clip_eigs: flag, prenorm: flag },
  step_rescale: (value: unknown) => value == null || Number(value) > 0,
  disc: [...discretisations, null],
  discretization: [...discretisations, null],
  activation: [...gates, null],
  norm: ['layer', 'batch', 'none', null],
  batchnorm: flag,
  gelu: ['tanh', 'exact', 'erf', null],
};

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, allowed);
  using g = new CaseGraph(c, device);
  const { config } = c;
  const t = g.t;
  const input = g.operand('x');
  // The public code has no batch axis.
  const x = input.shape.length === 2 ? t.reshape(input, [1, ...input.shape]) : input;
  const layer = c.has('seq.Lambda_re');
  const of = (name: string) => g.operand(layer ? `seq.${name}` : name);
  const own = (name: string) => g.optional(layer ? `seq.${name}` : name);
  const C = own('C') ?? of('C1');
  const C2 = own('C2');
  const stored = of('Lambda_re').shape[0];
  const space = (u: Tensor): Tensor =>
    s5Sequence(
      t,
      u,
      {
        ...{ lambdaRe: of('Lambda_re'), lambdaIm: of('Lambda_im'), logStep: of('log_step') },
        ...{ B: of('B'), C, C2, D: of('D') },
      },
      {
        disc: config.disc ?? config.discretization ?? 'zoh',
        conjugate: config.conj_sym ?? true,
        clip: config.clip_eigs ?? false,
        rescale: config.step_rescale ?? 1,
        sides: C2 || C.shape[1] === 2 * stored ? 2 : 1,
      },
    );
  const norm = normOf(g);
  const prenorm = config.prenorm ?? true;
  const whole = (): Tensor => {
    const y = add(t, x, gateOf(g, space(prenorm ? norm(x) : x)));
    return prenorm ? y : norm(y);
  };
  const y = layer ? whole() : space(x);
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  const tolerance = device.real === 'f64' ? roundedGradients(c) : undefined;
  return { computed, implementation: device.implementation('diagonal-scan'), tolerance };
}

/**
 * The norm and the dense maps of the layer's library hold float32 parameters, and their gradients are given rounded to
 * it: every stored value is a float32 number, which float64 results only match to half a unit in the last place.
 */
function roundedGradients(c: GoldenCase): Map<string, number> {
  const rounded = c.tensors.filter((x) => x.role === 'grad' && x.data.every((v) => v === Math.fround(v)));
  return new Map(rounded.map((x) => [x.name, Math.max(c.tolerance.f64_rtol, 2 ** -24)]));
}

/** The layer's norm, over the features of every step or over all steps; none when the case has no parameters of one. */
function normOf(g: CaseGraph): (x: Tensor) => Tensor {
  const { config } = g.c;
  const [scale, bias] = [g.optional('norm.scale'), g.optional('norm.bias')];
  if (!scale || !bias || config.norm === 'none') return (x) => x;
  if (config.norm !== 'batch' && config.batchnorm !== true)
    return (x) => layerNorm(g.t, x, scale, bias, { eps: config.ln_eps ?? 1e-6 });
  const running = [0, 1].map((start) => g.t.tensor(new Float64Array(scale.size).fill(start), scale.shape));
  return (x) =>
    batchNorm(g.t, x, scale, bias, running[0], running[1], { axis: x.shape.length - 1, eps: config.bn_eps ?? 1e-5 });
}

function gateOf(g: CaseGraph, y: Tensor): Tensor {
  const { config } = g.c;
  const dense = (name: string): Dense | null =>
    g.c.has(`${name}.kernel`) ? { kernel: g.operand(`${name}.kernel`), bias: g.operand(`${name}.bias`) } : null;
  const [out1, out2] = [dense('out1'), dense('out2')];
  const gate: Gate = config.activation ?? (out1 ? 'full_glu' : out2 ? 'half_glu1' : 'gelu');
  const kind = config.gelu === 'exact' || config.gelu === 'erf' ? 'exact' : 'tanh';
  return s5Gate(g.t, y, { gate, gelu: kind, out1, out2, drop: (a) => a });
}
