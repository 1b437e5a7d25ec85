/**
 * S5's two halves as functions of their parameters: the state space over a sequence, and the gate after it.
 *
 *   x_t = Abar x_{t-1} + Bbar u_t,  y_t = k Re(C x_t) + D u_t        `kernels/ops/s5-system`, `diagonal-scan`
 *
 * u (B, L, H): v = u Bbar^T and y = x C^T are one product of real matrices each, the real and imaginary parts of the
 * states side by side; only the scan between them is sequential.
 */
import { add, mul } from '../../kernels/ops/binary/op.ts';
import { diagonalScan } from '../../kernels/ops/diagonal-scan/op.ts';
import { linear, matmul } from '../../kernels/ops/matmul/op.ts';
import { type S5Parameters, type S5System, type S5SystemAttrs, s5System } from '../../kernels/ops/s5-system/op.ts';
import { gelu, geluTanh, sigmoid } from '../../kernels/ops/unary/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { pipe } from './pipe.ts';

/** The states (B, L, sides 2S) that u (B, L, H) drives. */
export const s5States = (
  t: Tape,
  u: Tensor,
  system: S5System,
  options: { sides?: 1 | 2; start?: Tensor | null } = {},
): Tensor => pipe(t, u, [(x) => linear(t, x, system.input), (v) => diagonalScan(t, v, system, options)]);

/** y (B, L, H) of the states and the input. */
export const s5Output = (t: Tape, states: Tensor, u: Tensor, system: S5System, D: Tensor): Tensor =>
  t.scope(() => add(t, linear(t, states, system.output), mul(t, u, D)));

/** The whole state space on u (B, L, H). */
export const s5Sequence = (t: Tape, u: Tensor, p: S5Parameters & { D: Tensor }, attrs: S5SystemAttrs): Tensor =>
  t.scope(() => {
    const system = s5System(t, p, attrs);
    return s5Output(t, s5States(t, u, system, { sides: attrs.sides }), u, system, p.D);
  });

export const gates = ['half_glu1', 'half_glu2', 'full_glu', 'gelu'] as const;
export type Gate = (typeof gates)[number];

/** A dense map as S5's code stores it: y = x kernel + bias, kernel (in, out). */
export interface Dense {
  kernel: Tensor;
  bias: Tensor;
}

export interface GateParts {
  gate: Gate;
  gelu: 'tanh' | 'exact';
  /** Of `full_glu` only. */
  out1: Dense | null;
  /** Of all but `gelu`. */
  out2: Dense | null;
  /** Dropout of the activation. */
  drop(x: Tensor): Tensor;
}

const dense = (t: Tape, x: Tensor, { kernel, bias }: Dense): Tensor => matmul(t, x, kernel, { bias });

/**
 * With a = dropout(GELU(y)):
 *   half_glu1  a sigmoid(a W2 + b2)            half_glu2  y sigmoid(a W2 + b2)
 *   full_glu   (a W1 + b1) sigmoid(a W2 + b2)  gelu       a
 */
export function s5Gate(t: Tape, y: Tensor, { gate, gelu: kind, out1, out2, drop }: GateParts): Tensor {
  return t.scope(() => {
    const a = t.scope(() => drop(kind === 'tanh' ? geluTanh(t, y) : gelu(t, y)));
    if (gate === 'gelu') return a;
    const second = out2 as Dense;
    const open = pipe(t, a, [(x) => dense(t, x, second), (z) => sigmoid(t, z)]);
    return mul(t, gate === 'half_glu2' ? y : gate === 'full_glu' ? dense(t, a, out1 as Dense) : a, open);
  });
}
