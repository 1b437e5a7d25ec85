/** Pieces of the reference repositories' layers that several golden families share. */
import { glu } from '../../kernels/ops/glu/op.ts';
import { matmul } from '../../kernels/ops/matmul/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { gelu, geluTanh, relu, sigmoid, silu, tanh } from '../../kernels/ops/unary/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { type GoldenCase, UnsupportedCase } from './golden.ts';

const activations: Record<string, (t: Tape, x: Tensor) => Tensor> = {
  gelu,
  'gelu-tanh': geluTanh,
  relu,
  sigmoid,
  silu,
  swish: silu,
  tanh,
  id: (_, x) => x,
  identity: (_, x) => x,
  linear: (_, x) => x,
  none: (_, x) => x,
};

/** An element-wise activation by its name in the reference code; null and undefined are the identity. */
export function activate(t: Tape, x: Tensor, name: string | null | undefined): Tensor {
  const f = activations[name ?? 'id'];
  if (!f) throw new UnsupportedCase(`there is no activation "${name}"`);
  return f(t, x);
}

/** What a convolution layer applies before its output map: GELU unless the case says otherwise (null: nothing). */
export function innerActivation({ config }: GoldenCase): string | null {
  return config.activation === undefined ? 'gelu' : config.activation;
}

/**
 * The output map of (B, C, L) layers: a linear map over the channel axis at every position, then `act`: `glu` (the
 * first half times the sigmoid of the second) or an element-wise activation. Returns (B, H, L).
 */
export function channelMap(
  t: Tape,
  y: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  act: string | null | undefined,
): Tensor {
  const mapped = matmul(t, y, weight, { transA: true, transB: true, bias });
  const z = act === 'glu' ? glu(t, mapped) : activate(t, mapped, act);
  return permute(t, z, [0, 2, 1]);
}
