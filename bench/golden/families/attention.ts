/** Golden family `attention`: both forms on every case; the worse of the two is reported, tensor by tensor. */
import type { Device } from '../../../kernels/device/device.ts';
import { attention } from '../../../kernels/ops/attention/op.ts';
import { relativeError } from '../../../kernels/ops/check.ts';
import { flashAttention } from '../../../kernels/ops/flash-attention/op.ts';
import { Tape } from '../../../kernels/tensor/tape.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';

const known = new Set(['B', 'Sq', 'Sk', 'heads', 'd', 'causal', 'scale', 'layout', 'grad_of', 'f32_max_rel_dev']);
const names = ['o', 'lse', 'grad_q', 'grad_k', 'grad_v'] as const;

async function compute(c: GoldenCase, device: Device, form: typeof attention): Promise<Map<string, ArrayLike<number>>> {
  using t = new Tape(device);
  const operand = (name: string) => t.tensor(c.get(name).data, c.get(name).shape, 'real', true);
  const operands = ['q', 'k', 'v'].map(operand);
  const [q, k, v] = operands;
  const lengths = ['lengths', 'key_lengths'].find((name) => c.has(name));
  const keyLengths = lengths ? t.tensor(c.get(lengths).data, c.get(lengths).shape, 'i32') : null;
  const { o, lse } = form(t, q, k, v, { causal: Boolean(c.config.causal), scale: c.config.scale, keyLengths });
  const outputs = [await o.read(), await lse.read()];
  const seed = t.tensor(c.get('g').data, o.shape);
  const grads = t.backward(o, seed, operands);
  const read = await Promise.all(grads.map((g, i) => g?.read() ?? new Float64Array(operands[i].size)));
  for (const x of operands) x.grad?.dispose();
  return new Map(names.map((name, i) => [name, [...outputs, ...read][i]]));
}

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  const unknown = Object.keys(c.config).find((key) => !known.has(key));
  if (unknown) throw new UnsupportedCase(`attention has no option "${unknown}"`);
  if ((c.config.layout ?? 'BSHD') !== 'BSHD')
    throw new UnsupportedCase(`attention takes the layout BSHD, not ${c.config.layout}`);
  const forms = [await compute(c, device, attention), await compute(c, device, flashAttention)];
  const computed = new Map<string, ArrayLike<number>>();
  for (const name of names) {
    const [a, b] = forms.map((f) => f.get(name) as ArrayLike<number>);
    const want = c.has(name) ? c.get(name).data : a;
    computed.set(name, relativeError(a, want) > relativeError(b, want) ? a : b);
  }
  return { computed, implementation: `${device.implementation('attention')} (attention, flash-attention)` };
}
