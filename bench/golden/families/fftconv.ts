/**
 * Golden family `fftconv`: FlashConv's reference forms (`fftconv_*`), plain, two-sided and gated, and the S4
 * convolution layer (`s4conv_*`). All forms of the op run on every case; the worse is reported, tensor by tensor.
 */
import type { Device } from '../../../kernels/device/device.ts';
import { mul } from '../../../kernels/ops/binary/op.ts';
import { relativeError } from '../../../kernels/ops/check.ts';
import { concat } from '../../../kernels/ops/concat/op.ts';
import { type ConvForm, fftConv, forms } from '../../../kernels/ops/fft-conv/op.ts';
import { glu } from '../../../kernels/ops/glu/op.ts';
import { permute } from '../../../kernels/ops/permute/op.ts';
import { sum } from '../../../kernels/ops/reduce/op.ts';
import { gelu, relu, sigmoid, silu, tanh } from '../../../kernels/ops/unary/op.ts';
import { Tape } from '../../../kernels/tensor/tape.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';

const tested: readonly ConvForm[] = [...forms, 'monarch'];

type Operand = (name: string) => Tensor;
type Build = (t: Tape, c: GoldenCase, operand: Operand, form: ConvForm) => Tensor;

const sizes = ['B', 'H', 'L', 'fft_size', 'grad_of', 'f32_max_rel_dev', 'convention', 'op'];
const refuseUnknown = (c: GoldenCase, known: string[]) => {
  const unknown = Object.keys(c.config).find((key) => !known.includes(key) && !sizes.includes(key));
  if (unknown) throw new UnsupportedCase(`this form of the convolution has no option "${unknown}"`);
};

/** (H, L) or (1, H, L) as (1, H, L); a skip vector (H) as (1, H). */
const rows = (t: Tape, x: Tensor, rank: number) => (x.shape.length === rank ? x : t.reshape(x, [1, ...x.shape]));

/** The bins that a transform of `fft_size` leaves clean: shorter ones wrap around, which is another operation. */
function requirePadding(c: GoldenCase, L: number, Lk: number): void {
  const n = c.config.fft_size;
  if (n != null && n < L + Math.min(L, Lk) - 1)
    throw new UnsupportedCase(`fft_size ${n} is shorter than the linear convolution of ${L} values and ${Lk} taps`);
}

/** y = conv(u, k) + D u, two-sided with k_rev (lag 0 in both), then GELU, then a channel mask (B, H). */
const flashConv: Build = (t, c, operand, form) => {
  refuseUnknown(c, ['causal', 'gelu', 'dropout_mask']);
  const u = operand('u');
  const k = rows(t, operand('k'), 3);
  requirePadding(c, u.shape[2], k.shape[2]);
  const D = c.has('D') ? rows(t, operand('D'), 2) : null;
  if (c.config.causal === false && !c.has('k_rev'))
    throw new UnsupportedCase('a convolution that is not causal needs a tensor k_rev');
  const two = c.has('k_rev');
  const kernels = two ? concat(t, [k, rows(t, operand('k_rev'), 3)], 0) : k;
  let y = fftConv(t, u, kernels, D, { sides: two ? 'double-zero' : 'causal', form });
  if (c.config.gelu) y = gelu(t, y);
  if (!c.has('dropout_mask')) return y;
  const mask = c.get('dropout_mask');
  return mul(t, y, t.tensor(mask.data, [...mask.shape, 1]));
};

/**
 * H3's gates: kv[i, j] = k_i v_j within a head, y_j = sum_i q_i (K * kv[i, j] + D kv[i, j]). The pairs (i, j) of a
 * head share its kernel, so they go where the batch is: (B, i, j, H, L). Channel h hd + j on both sides.
 */
const h3Gates: Build = (t, c, operand, form) => {
  refuseUnknown(c, ['head_dim']);
  const [q, k, v] = ['q', 'k', 'v'].map(operand);
  const K = rows(t, operand('K'), 3);
  const [B, channels, L] = q.shape;
  const H = K.shape[1];
  const d = channels / H;
  const heads = (x: Tensor) => permute(t, t.reshape(x, [B, H, d, L]), [0, 2, 1, 3]);
  const outer = mul(t, t.reshape(heads(k), [B, d, 1, H, L]), t.reshape(heads(v), [B, 1, d, H, L]));
  const D = c.has('D') ? rows(t, operand('D'), 2) : null;
  const mixed = fftConv(t, t.reshape(outer, [B * d * d, H, L]), K, D, { sides: 'causal', form });
  const gated = mul(t, t.reshape(mixed, [B, d, d, H, L]), t.reshape(heads(q), [B, d, 1, H, L]));
  return t.reshape(permute(t, sum(t, gated, [1]), [0, 2, 1, 3]), [B, channels, L]);
};

const activations: Record<string, (t: Tape, x: Tensor) => Tensor> = {
  gelu,
  relu,
  sigmoid,
  tanh,
  silu,
  swish: silu,
  glu: (t, x) => glu(t, x, { axis: 1 }),
  id: (_, x) => x,
  identity: (_, x) => x,
  linear: (_, x) => x,
};

/** The layer of state-spaces/s4: kernel channels, two-sided by lag -1, activation. */
const s4Conv: Build = (t, c, operand, form) => {
  refuseUnknown(c, ['l_kernel', 'channels', 'bidirectional', 'activation']);
  const activation = activations[c.config.activation ?? 'id'];
  if (!activation) throw new UnsupportedCase(`the convolution layer has no activation "${c.config.activation}"`);
  const x = operand('x');
  const sides = c.config.bidirectional ? 'lag-1' : 'causal';
  return activation(t, fftConv(t, x, operand('k'), c.has('D') ? operand('D') : null, { sides, form }));
};

async function compute(c: GoldenCase, device: Device, form: ConvForm): Promise<Map<string, ArrayLike<number>>> {
  using t = new Tape(device);
  const operands = new Map<string, Tensor>();
  const operand = (name: string) => {
    const { data, shape } = c.get(name);
    const x = t.tensor(data, shape, 'real', true);
    operands.set(name, x);
    return x;
  };
  const build = c.has('x') ? s4Conv : c.has('q') ? h3Gates : flashConv;
  const y = build(t, c, operand, form);
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  if (!c.has('g')) return computed;
  const names = [...operands.keys()];
  const grads = t.backward(y, t.tensor(c.get('g').data, y.shape), [...operands.values()]);
  for (const [i, g] of grads.entries())
    computed.set(`grad_${names[i]}`, (await g?.read()) ?? new Float64Array(c.get(names[i]).data.length));
  for (const x of operands.values()) x.grad?.dispose();
  return computed;
}

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  const runs: Map<string, ArrayLike<number>>[] = [];
  for (const form of tested) runs.push(await compute(c, device, form));
  const computed = new Map<string, ArrayLike<number>>();
  for (const name of runs[0].keys()) {
    const want = c.has(name) ? c.get(name).data : [];
    let worst = { error: -1, values: want as ArrayLike<number> };
    for (const run of runs) {
      const values = run.get(name) as ArrayLike<number>;
      const error = relativeError(values, want);
      if (error > worst.error) worst = { error, values };
    }
    computed.set(name, worst.values);
  }
  return { computed, implementation: `${device.implementation('fft-conv')} (${tested.join(', ')})` };
}
