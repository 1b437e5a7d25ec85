/** Golden family `attention`: both forms on every case; the worse of the two is reported, tensor by tensor. */
import type { Device } from '../../../kernels/device/device.ts';
import { attention } from '../../../kernels/ops/attention/op.ts';
import { flashAttention } from '../../../kernels/ops/flash-attention/op.ts';
import { Tape } from '../../../kernels/tensor/tape.ts';
import { finiteError } from '../finite-error.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, requireConfig } from '../graph.ts';
import { oneWidth } from '../head-width.ts';

const names = ['o', 'lse', 'grad_q', 'grad_k', 'grad_v'] as const;
const sizes = { B: anything, S: anything, Sq: anything, Sk: anything, heads: anything, d: anything, d_v: anything };

async function compute(
  c: GoldenCase,
  device: Device,
  form: typeof flashAttention,
): Promise<Map<string, ArrayLike<number>>> {
  using t = new Tape(device);
  const operand = (name: string) => t.tensor(c.get(name).data, c.get(name).shape, 'real', true);
  const operands = ['q', 'k', 'v'].map(operand);
  const { operands: even, cut } = oneWidth(t, operands);
  const [q, k, v] = even;
  const lengths = ['lengths', 'key_lengths'].find((name) => c.has(name));
  const keyLengths = lengths ? t.tensor(c.get(lengths).data, c.get(lengths).shape, 'i32') : null;
  const causal = Boolean(c.config.causal);
  const scale = c.config.scale ?? 1 / Math.sqrt(operands[0].shape[3]);
  const { o: wide, lse } = form(t, q, k, v, { causal, scale, keyLengths });
  const o = cut(wide);
  const outputs = [await o.read(), unseen(c, await lse.read(), causal, keyLengths && c.get(lengths as string).data)];
  // A case that asks for no gradient has no cotangent.
  const grads = c.has('g') ? t.backward(o, t.tensor(c.get('g').data, o.shape), operands) : operands.map(() => null);
  const read = await Promise.all(grads.map((g, i) => g?.read() ?? new Float64Array(operands[i].size)));
  for (const x of operands) x.grad?.dispose();
  return new Map(names.map((name, i) => [name, [...outputs, ...read][i]]));
}

/**
 * A query without keys has the log of an empty sum: our ops say 0, which nothing reads, and so may the case; where the case
 * says -Infinity, that is the answer.
 */
function unseen(
  c: GoldenCase,
  lse: ArrayLike<number>,
  causal: boolean,
  lengths: ArrayLike<number> | null,
): ArrayLike<number> {
  if (!c.has('lse')) return lse;
  const want = c.get('lse').data;
  const [, Sq, h] = c.get('q').shape;
  const Sk = c.get('k').shape[1];
  return Array.from(lse, (x, i) => {
    const keys = lengths ? Math.min(Sk, lengths[Math.floor(i / (Sq * h))]) : Sk;
    const seen = causal ? Math.min(keys, (i % Sq) + 1 + Sk - Sq) : keys;
    return seen <= 0 && want[i] === Number.NEGATIVE_INFINITY ? want[i] : x;
  });
}

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...sizes,
    causal: anything,
    scale: anything,
    layout: ['BSHD', null],
    grad_of: ['o', null],
    f32_max_rel_dev: anything,
  });
  const forms = [await compute(c, device, attention), await compute(c, device, flashAttention)];
  const computed = new Map<string, ArrayLike<number>>();
  for (const name of names) {
    const [a, b] = forms.map((f) => f.get(name) as ArrayLike<number>);
    const want = c.has(name) ? c.get(name).data : a;
    computed.set(name, finiteError(a, want) > finiteError(b, want) ? a : b);
  }
  return { computed, implementation: `${device.implementation('attention')} (attention, flash-attention)` };
}
