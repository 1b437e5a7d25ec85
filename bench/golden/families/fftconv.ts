/**
 * Golden family `fftconv`: FlashConv's reference forms (`fftconv_*`) and the S4 convolution layer (`s4conv_*`).
 * Both forms of the op run on every case; the worse of the two is reported, tensor by tensor.
 */
import type { Device } from '../../../kernels/device/device.ts';
import { relativeError } from '../../../kernels/ops/check.ts';
import { type ConvForm, fftConv, forms } from '../../../kernels/ops/fft-conv/op.ts';
import { gelu } from '../../../kernels/ops/unary/op.ts';
import { Tape } from '../../../kernels/tensor/tape.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';

type Operand = (name: string) => Tensor;

/** y = conv(u, k) + D u, optionally two-sided by k_rev, then GELU, then a channel mask. */
function flashConv(t: Tape, c: GoldenCase, operand: Operand, form: ConvForm): Tensor {
  const u = operand('u');
  const [, H, L] = u.shape;
  const D = c.has('D') ? t.reshape(operand('D'), [1, H]) : null;
  if (c.has('k_rev')) throw new UnsupportedCase('k_rev is not wired yet');
  const y = fftConv(t, u, t.reshape(operand('k'), [1, H, L]), D, { sides: 'causal', form });
  return c.config.gelu ? gelu(t, y) : y;
}

/** The layer of state-spaces/s4: kernel channels, two-sided by lag -1, activation. */
function s4Conv(t: Tape, c: GoldenCase, operand: Operand, form: ConvForm): Tensor {
  const sides = c.config.bidirectional ? 'lag-1' : 'causal';
  const y = fftConv(t, operand('x'), operand('k'), operand('D'), { sides, form });
  switch (c.config.activation ?? null) {
    case null:
      return y;
    case 'gelu':
      return gelu(t, y);
    default:
      throw new UnsupportedCase(`activation ${c.config.activation} is not implemented for this family`);
  }
}

async function compute(c: GoldenCase, device: Device, form: ConvForm): Promise<Map<string, ArrayLike<number>>> {
  using t = new Tape(device);
  const operands = new Map<string, Tensor>();
  const operand = (name: string) => {
    const { data, shape } = c.get(name);
    const x = t.tensor(data, shape, 'real', true);
    operands.set(name, x);
    return x;
  };
  const build = c.has('x') ? s4Conv : c.has('q') ? null : flashConv;
  if (!build || c.has('dropout_mask')) throw new UnsupportedCase('gates and masks are not wired yet');
  const y = build(t, c, operand, form);
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  const names = [...operands.keys()];
  const grads = t.backward(y, t.tensor(c.get('g').data, y.shape), [...operands.values()]);
  for (const [i, g] of grads.entries())
    computed.set(`grad_${names[i]}`, (await g?.read()) ?? new Float64Array(c.get(names[i]).data.length));
  for (const x of operands.values()) x.grad?.dispose();
  return computed;
}

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  const runs = await Promise.all(forms.map((form) => compute(c, device, form)));
  const computed = new Map<string, ArrayLike<number>>();
  for (const name of runs[0].keys()) {
    const want = c.has(name) ? c.get(name).data : [];
    const errors = runs.map((r) => relativeError(r.get(name) as ArrayLike<number>, want));
    computed.set(name, runs[errors[0] > errors[1] ? 0 : 1].get(name) as ArrayLike<number>);
  }
  return { computed, implementation: `${device.implementation('fft-conv')} (${forms.join(', ')})` };
}
