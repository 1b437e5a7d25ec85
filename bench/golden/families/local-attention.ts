/**
 * Golden family `local-attention`: windows, by blocks or exact, with rotary positions and padded keys. The authors
 * number a block's keys from its first slot and give the queries the last numbers; scores depend on differences alone,
 * so here step l is turned as position l, and the queries as many steps further as there are keys after a block.
 */
import type { Device } from '../../../kernels/device/device.ts';
import { permute } from '../../../kernels/ops/permute/op.ts';
import { rotary } from '../../../kernels/ops/rotary/op.ts';
import { sparseAttention } from '../../../kernels/ops/sparse-attention/op.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';
import { oneWidth } from '../head-width.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  const { window, scale } = c.config;
  requireConfig(c, {
    B: anything,
    heads: anything,
    L: anything,
    d: anything,
    d_v: anything,
    window: anything,
    causal: anything,
    exact: anything,
    look_backward: anything,
    look_forward: anything,
    rotary: anything,
    scale: anything,
    padding: anything,
    grad_of: ['y', null],
    f32_max_rel_dev: anything,
  });
  const causal = Boolean(c.config.causal);
  const back = c.config.look_backward ?? 1;
  const ahead = c.config.look_forward ?? (causal ? 0 : 1);
  if (c.config.padding && !c.has('mask'))
    throw new UnsupportedCase(`${c.case} has padding but no tensor "mask" that says where`);
  using g = new CaseGraph(c, device);
  const { t } = g;
  const [q, k, v] = ['q', 'k', 'v'].map((name) => permute(t, g.operand(name), [0, 2, 1, 3]));
  const turn = (x: typeof q, offset: number) => (c.config.rotary ? rotary(t, x, { offset }) : x);
  const { operands, cut } = oneWidth(t, [turn(q, ahead * window), turn(k, 0), v]);
  const { o } = sparseAttention(t, operands[0], operands[1], operands[2], {
    windows: { size: window, back, ahead, exact: Boolean(c.config.exact) },
    causal,
    scale: scale ?? 1 / Math.sqrt(q.shape[3]),
    real: g.optional('mask'),
  });
  const y = permute(t, cut(o), [0, 2, 1, 3]);
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: device.implementation('sparse-attention') };
}
