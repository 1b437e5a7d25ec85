/** Golden family `nn`: the operations around the mixers, one op a case, with all gradients. */
import type { Device } from '../../../kernels/device/device.ts';
import { batchNorm } from '../../../kernels/ops/batch-norm/op.ts';
import { concat } from '../../../kernels/ops/concat/op.ts';
import { crossEntropy } from '../../../kernels/ops/cross-entropy/op.ts';
import { embedding } from '../../../kernels/ops/embedding/op.ts';
import { glu } from '../../../kernels/ops/glu/op.ts';
import { layerNorm } from '../../../kernels/ops/layer-norm/op.ts';
import { maskedMean } from '../../../kernels/ops/masked-mean/op.ts';
import { permute } from '../../../kernels/ops/permute/op.ts';
import { scalarNorm } from '../../../kernels/ops/scalar-norm/op.ts';
import { shortConv } from '../../../kernels/ops/short-conv/op.ts';
import { slice } from '../../../kernels/ops/slice/op.ts';
import { softmax } from '../../../kernels/ops/softmax/op.ts';
import * as unary from '../../../kernels/ops/unary/op.ts';
import { Tape } from '../../../kernels/tensor/tape.ts';
import { Tensor } from '../../../kernels/tensor/tensor.ts';
import { type GoldenCase, type GoldenResult, requireKnown, UnsupportedCase } from '../golden.ts';

/** The case's tensors on the device, by name. */
interface Operands {
  real(name: string): Tensor;
  optional(name: string): Tensor | null;
  integers(name: string): Tensor | null;
  values(name: string): ArrayLike<number>;
}
/** One operation: the op folder that runs, and the output from the operands. */
interface Operation {
  op: string;
  run(t: Tape, x: Operands, config: GoldenCase['config']): Tensor;
}

const elementwise = (run: (t: Tape, x: Tensor) => Tensor): Operation => ({
  op: 'unary',
  run: (t, x) => run(t, x.real('x')),
});

/** Softmax over any axis, by way of the last one. */
function softmaxOver(t: Tape, x: Tensor, dim: number): Tensor {
  const rank = x.shape.length;
  const axis = dim < 0 ? dim + rank : dim;
  if (axis === rank - 1) return softmax(t, x);
  const swap = Array.from({ length: rank }, (_, d) => (d === axis ? rank - 1 : d === rank - 1 ? axis : d));
  return permute(t, softmax(t, permute(t, x, swap)), swap);
}

const known = [
  ...['op', 'grad_of', 'B', 'C', 'D', 'H', 'K', 'L', 'V', 'n', 'dim', 'eps', 'momentum'],
  ...['ignore_index', 'weights', 'reduction', 'label_smoothing', 'padding_idx'],
];

const operations: Record<string, Operation> = {
  gelu: elementwise(unary.gelu),
  gelu_tanh: elementwise(unary.geluTanh),
  silu: elementwise(unary.silu),
  sigmoid: elementwise(unary.sigmoid),
  tanh: elementwise(unary.tanh),
  relu: elementwise(unary.relu),
  exp: elementwise(unary.exp),
  square: elementwise(unary.square),
  sin: elementwise(unary.sin),
  glu: { op: 'glu', run: (t, x, { dim }) => glu(t, x.real('x'), { axis: dim }) },
  softmax: { op: 'softmax', run: (t, x, { dim }) => softmaxOver(t, x.real('x'), dim ?? -1) },
  layernorm: {
    op: 'layer-norm',
    run: (t, x, { eps }) => layerNorm(t, x.real('x'), x.optional('weight'), x.optional('bias'), { eps: eps ?? 1e-5 }),
  },
  layernorm_scalar: {
    op: 'scalar-norm',
    run(t, x, { eps }) {
      if (eps) throw new UnsupportedCase('the scalar norm has no eps');
      return scalarNorm(t, x.real('x'), x.real('m'), x.real('s'), { axis: 1 });
    },
  },
  masked_mean: { op: 'masked-mean', run: (t, x) => maskedMean(t, x.real('x'), x.integers('lengths')) },
  embedding: {
    op: 'embedding',
    run(t, x, { padding_idx }) {
      const table = x.real('weight');
      // PyTorch counts a negative row from the end.
      const padding = padding_idx < 0 ? padding_idx + table.shape[0] : padding_idx;
      return embedding(t, table, x.integers('tokens') as Tensor, { padding });
    },
  },
  shortconv: {
    op: 'short-conv',
    run(t, x) {
      const w = x.real('weight');
      return shortConv(t, x.real('x'), t.reshape(w, [w.shape[0], w.size / w.shape[0]]), x.optional('bias'));
    },
  },
  cross_entropy: {
    op: 'cross-entropy',
    run(t, x, { ignore_index, label_smoothing, reduction }) {
      if (!['mean', 'sum', 'none'].includes(reduction ?? 'mean'))
        throw new UnsupportedCase(`cross entropy has no reduction "${reduction}"`);
      const options = {
        weights: x.optional('class_weights'),
        ignoreIndex: ignore_index ?? -100,
        smoothing: label_smoothing ?? 0,
      };
      const [logits, targets] = [x.real('logits'), x.integers('targets') as Tensor];
      if (reduction !== 'none') return crossEntropy(t, logits, targets, { ...options, reduction: reduction ?? 'mean' });
      // Every row alone.
      const labels = Array.from(x.values('targets'), (label) => t.tensor([label], [1], 'i32'));
      const rows = labels.map((label, start) =>
        crossEntropy(t, slice(t, logits, { axis: 0, start, length: 1 }), label, { ...options, reduction: 'sum' }),
      );
      return rows.reduce((all, row) => concat(t, [all, row], 0));
    },
  },
};

/** Runs `forward`, then backward from the cotangent; adds the output and the gradients under prefixed names. */
async function differentiate(
  t: Tape,
  c: GoldenCase,
  names: { output: string; cotangent: string; gradient: string },
  forward: (x: Operands) => Tensor,
  computed: Map<string, ArrayLike<number>>,
): Promise<void> {
  const leaves = new Map<string, Tensor>();
  const real = (name: string) => {
    const leaf = t.tensor(c.get(name).data, c.get(name).shape, 'real', true);
    leaves.set(name, leaf);
    return leaf;
  };
  const y = forward({
    real,
    optional: (name) => (c.has(name) ? real(name) : null),
    integers: (name) => (c.has(name) ? t.tensor(c.get(name).data, c.get(name).shape, 'i32') : null),
    values: (name) => c.get(name).data,
  });
  computed.set(names.output, await y.read());
  // A case that asks for no gradient has no cotangent.
  if (!c.has(names.cotangent)) return;
  t.backward(y, t.tensor(c.get(names.cotangent).data, y.shape));
  for (const [name, leaf] of leaves) {
    computed.set(names.gradient + name, (await leaf.grad?.read()) ?? new Float64Array(leaf.size));
    leaf.grad?.dispose();
  }
}

/** Training batches x1, x2, ..., x with running statistics, then evaluation of x. */
async function batchNormCase(c: GoldenCase, device: Device): Promise<Map<string, ArrayLike<number>>> {
  const computed = new Map<string, ArrayLike<number>>();
  const channels = c.get('x').shape[1];
  const all = (value: number) => new Float64Array(channels).fill(value);
  const [mean, variance] = [Tensor.from(device, all(0), [channels]), Tensor.from(device, all(1), [channels])];
  const { momentum } = c.config;
  const eps = c.config.eps ?? 1e-5;
  // PyTorch's momentum None is the plain average over the batches so far.
  const share = (batch: number) => (momentum === null ? 1 / (batch + 1) : momentum);
  const apply = (t: Tape, x: Operands, name: string, batch = 0) => {
    const weight = x.optional('weight') ?? t.tensor(all(1), [channels]);
    const bias = x.optional('bias') ?? t.tensor(all(0), [channels]);
    return batchNorm(t, x.real(name), weight, bias, mean, variance, { axis: 1, eps, momentum: share(batch) });
  };
  const earlier = c.tensors.map((t) => t.name).filter((name) => /^x\d+$/.test(name));
  for (const [i, name] of [...earlier, 'x'].entries()) {
    using t = new Tape(device);
    const names = name === 'x' ? ['y', 'g', 'grad_'] : ['', 'g', `${name}_`];
    const [output, cotangent, gradient] = names;
    await differentiate(t, c, { output, cotangent, gradient }, (x) => apply(t, x, name, i), computed);
    computed.set(`running_mean_${i + 1}`, await mean.read());
    computed.set(`running_var_${i + 1}`, await variance.read());
  }
  if (c.has('g_eval')) {
    using t = new Tape(device, { training: false });
    const names = { output: 'y_eval', cotangent: 'g_eval', gradient: 'grad_eval_' };
    await differentiate(t, c, names, (x) => apply(t, x, 'x'), computed);
  }
  mean.dispose();
  variance.dispose();
  return computed;
}

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireKnown(c, known);
  if (c.config.op === 'batchnorm')
    return { computed: await batchNormCase(c, device), implementation: device.implementation('batch-norm') };
  const operation = operations[c.config.op];
  if (!operation) throw new UnsupportedCase(`there is no operation ${c.config.op} in the family nn`);
  const computed = new Map<string, ArrayLike<number>>();
  using t = new Tape(device);
  const names = { output: c.config.grad_of ?? 'y', cotangent: 'g', gradient: 'grad_' };
  await differentiate(t, c, names, (x) => operation.run(t, x, c.config), computed);
  return { computed, implementation: device.implementation(operation.op) };
}
