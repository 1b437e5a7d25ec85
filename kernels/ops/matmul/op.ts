/**
 * Matrix product with an optional bias: out = op(a) op(b) + bias, op(x) = x or its transpose.
 *
 *   a     (..., M, K), or (..., K, M) with transA
 *   b     (K, N) shared by the whole batch, or (..., K, N) with a's batch dimensions; (N, K) with transB
 *   bias  (N), added to every row
 *   out   (..., M, N)
 *
 * Gradients: op(a)' = g op(b)^T, op(b)' = op(a)^T g (summed over the batch when b is shared), bias' = column sums
 * of g. A batch of plain a with a shared b is one product of (batch M) rows.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type MatmulAttrs = { transA?: boolean; transB?: boolean };

/** Sizes of one product: `batch` products of (M, K) by (K, N); `shared` when they all use the same b. */
export interface MatmulSizes {
  batch: number;
  M: number;
  N: number;
  K: number;
  shared: boolean;
}

/** Reads the sizes off the operands; throws a `ShapeError` when they do not fit together. */
export function matmulSizes(a: Shape, b: Shape, bias: Shape | null, { transA, transB }: MatmulAttrs): MatmulSizes {
  requireShape(a.length >= 2 && b.length >= 2, 'matmul', `a ${showShape(a)} and b ${showShape(b)} must be matrices`);
  const lead = a.slice(0, -2);
  const shared = b.length === 2;
  requireShape(
    shared || (b.length === a.length && lead.every((n, i) => n === b[i])),
    'matmul',
    `b ${showShape(b)} must be one matrix or have the batch dimensions of a ${showShape(a)}`,
  );
  const [M, K] = transA ? [a[a.length - 1], a[a.length - 2]] : [a[a.length - 2], a[a.length - 1]];
  const [inner, N] = transB ? [b[b.length - 1], b[b.length - 2]] : [b[b.length - 2], b[b.length - 1]];
  requireShape(
    inner === K,
    'matmul',
    `a ${showShape(a)}${transA ? ' transposed' : ''} has ${K} columns but b ${showShape(b)}${transB ? ' transposed' : ''} has ${inner} rows`,
  );
  requireShape(K > 0, 'matmul', `a ${showShape(a)} has no columns to multiply`);
  requireShape(!bias || (bias.length === 1 && bias[0] === N), 'matmul', `bias ${showShape(bias)} must be (${N})`);
  return { batch: sizeOf(lead), M, N, K, shared };
}

function layouts(name: string, batch: Shape, [M, N, K]: number[], shared: boolean, bias: boolean) {
  return [0, 1, 2, 3].map((bits): OpCase<MatmulAttrs> => {
    const attrs = { transA: (bits & 1) !== 0, transB: (bits & 2) !== 0 };
    const b = attrs.transB ? [N, K] : [K, N];
    return {
      name: `${name}${attrs.transA ? ' a^T' : ''}${attrs.transB ? ' b^T' : ''}${bias ? ' bias' : ''}`,
      shapes: [[...batch, ...(attrs.transA ? [K, M] : [M, K])], shared ? b : [...batch, ...b], bias ? [N] : null],
      attrs,
    };
  });
}

const cases: OpCase<MatmulAttrs>[] = [
  ...layouts('1x1x1', [], [1, 1, 1], true, true),
  ...layouts('5x7x3', [], [5, 7, 3], true, false),
  ...layouts('64x64x64', [], [64, 64, 64], true, true),
  ...layouts('67x129x31', [], [67, 129, 31], true, true),
  ...layouts('batch 2x3 of 17x33x9', [2, 3], [17, 33, 9], false, true),
  ...layouts('batch 4 of 29x37x53, shared b', [4], [29, 37, 53], true, true),
  ...layouts('1x200x300', [], [1, 200, 300], true, true),
  ...layouts('230x1x100', [], [230, 1, 100], true, true),
  ...layouts('99x70x500', [], [99, 70, 500], true, false),
  ...layouts('batch 2 of 21x16x2049, shared b', [2], [21, 16, 2049], true, true),
];

const matmulOp = defineOp<MatmulAttrs>({
  id: 'matmul',
  inputs: [{ name: 'a' }, { name: 'b' }, { name: 'bias', optional: true }],
  outputs: [{ name: 'out' }],
  infer([a, b, bias], attrs) {
    const { M, N } = matmulSizes(a as Shape, b as Shape, bias, attrs);
    return [[...(a as Shape).slice(0, -2), M, N]];
  },
  saves: () => ({ inputs: [0, 1], outputs: [] }),
  /** transA, transB */
  pack: ({ transA, transB }) => [transA ? 1 : 0, transB ? 1 : 0],
  /** Packed panels of a block of each operand a thread, and partial sums of a long K. */
  workspace([a, b, bias], attrs, pass, threads) {
    const { batch, M, N, K } = matmulSizes(a as Shape, b as Shape, bias, attrs);
    const product = (m: number, n: number, k: number, terms = 1) => {
      const depth = Math.min(k, 384) + 16;
      const tiles = Math.ceil(m / 128) * Math.ceil(n / 256);
      const chunks = tiles >= 16 ? 1 : Math.min(Math.ceil(16 / tiles), Math.floor((terms * Math.ceil(k / 384)) / 4));
      return 4 * (threads * depth * (Math.min(m, 224) + Math.min(n, 2048) + 64) + (chunks > 1 ? chunks * m * n : 0));
    };
    return pass === 'forward' ? product(M, N, K) : Math.max(product(M, K, N), product(K, N, M, batch));
  },
  cost([a, b, bias], attrs) {
    const { batch, M, N, K } = matmulSizes(a as Shape, b as Shape, bias, attrs);
    const out = batch * M * N;
    const operands = sizeOf(a as Shape) + sizeOf(b as Shape);
    const row = bias ? N : 0;
    return {
      forward: { flops: 2 * out * K + (bias ? out : 0), bytes: 4 * (operands + row + out) },
      backward: { flops: 4 * out * K + (bias ? out : 0), bytes: 4 * (2 * operands + row + out) },
    };
  },
  cases,
  tolerance: 2e-6,
});
export default matmulOp;

export interface MatmulOptions extends MatmulAttrs {
  bias?: Tensor | null;
}

/** op(a) op(b) + bias, (..., M, N). Throws a `ShapeError` that names the sizes that do not fit. */
export const matmul = (t: Tape, a: Tensor, b: Tensor, { transA, transB, bias }: MatmulOptions = {}): Tensor =>
  t.apply(matmulOp, [a, b, bias ?? null], { transA: transA ?? false, transB: transB ?? false })[0];

/** x (..., in) W^T + bias for a weight stored as (out, in). */
export const linear = (t: Tape, x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor =>
  matmul(t, x, weight, { transB: true, bias });
