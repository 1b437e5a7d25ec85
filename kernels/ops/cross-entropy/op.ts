/**
 * Cross entropy of class scores (PyTorch's definition; smoothing: Szegedy et al. 2016, arXiv 1512.00567, section 7).
 * With p = softmax(logits[i]), class weights w (1 when absent)
 * and smoothing e, row i costs
 *
 *   l_i = (1 - e) w[t_i] (-log p[t_i]) + (e / C) sum_c w[c] (-log p[c])
 *
 * `sum` adds the rows that are not ignored (targets[i] = ignoreIndex); `mean` divides that by the sum of their
 * w[t_i], and is 0 when every row is ignored. logits (n, C), targets i32 (n), weights (C) or null; loss (1).
 * `lse` (n) = log sum exp of each row, which the backward pass reads:
 * dlogits[i, c] = g / N ((1 - e) w[t_i] (p[c] - [c = t_i]) + (e / C) (p[c] sum w - w[c])).
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type Fill, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type CrossEntropyAttrs = { ignoreIndex: number; smoothing: number; reduction: 'mean' | 'sum' };

const plain: CrossEntropyAttrs = { ignoreIndex: -100, smoothing: 0, reduction: 'mean' };
const targets = (C: number): Fill => ({ kind: 'integers', below: C });
const cases: OpCase<CrossEntropyAttrs>[] = [
  ...(
    [
      [1, 1],
      [1, 2],
      [5, 3],
      [37, 67],
      [1030, 10],
      [3, 5003],
    ] as const
  ).map(([n, C]) => ({
    name: `${n}x${C}`,
    shapes: [[n, C], [n], null],
    attrs: plain,
    fills: [undefined, targets(C)],
  })),
  {
    name: 'large logits',
    shapes: [[9, 5], [9], null],
    attrs: plain,
    fills: [{ kind: 'uniform', low: -1e4, high: 1e4 }, targets(5)],
  },
  {
    name: 'weights, mean',
    shapes: [[29, 7], [29], [7]],
    attrs: plain,
    fills: [undefined, targets(7), { kind: 'uniform', low: 0.2, high: 2 }],
  },
  {
    name: 'weights, smoothing, ignored, sum',
    shapes: [[29, 7], [29], [7]],
    attrs: { ignoreIndex: 2, smoothing: 0.2, reduction: 'sum' },
    fills: [undefined, targets(7), { kind: 'uniform', low: 0.2, high: 2 }],
  },
  {
    name: 'smoothing, ignored, mean',
    shapes: [[29, 7], [29], null],
    attrs: { ignoreIndex: 3, smoothing: 0.1, reduction: 'mean' },
    fills: [undefined, targets(7)],
  },
  {
    name: 'all ignored',
    shapes: [[4, 3], [4], null],
    attrs: plain,
    fills: [undefined, { kind: 'values', values: [-100] }],
  },
];

const crossEntropyOp = defineOp<CrossEntropyAttrs>({
  id: 'cross-entropy',
  inputs: [
    { name: 'logits' },
    { name: 'targets', dtype: 'i32' },
    { name: 'weights', optional: true, differentiable: false },
  ],
  outputs: [{ name: 'loss' }, { name: 'lse', auxiliary: true }],
  infer([logits, t, weights], { smoothing }) {
    requireShape(logits?.length === 2, 'cross-entropy', `logits must be (n, C), not ${showShape(logits)}`);
    const [n, C] = logits;
    requireShape(
      t?.length === 1 && t[0] === n,
      'cross-entropy',
      `targets ${showShape(t)} must be (${n}), one for each row of logits ${showShape(logits)}`,
    );
    requireShape(
      !weights || (weights.length === 1 && weights[0] === C),
      'cross-entropy',
      `weights ${showShape(weights)} must be (${C}), one for each class`,
    );
    requireShape(smoothing >= 0 && smoothing <= 1, 'cross-entropy', `smoothing ${smoothing} must lie in [0, 1]`);
    return [[1], [n]];
  },
  saves: () => ({ inputs: [0, 1, 2], outputs: [1] }),
  /** ignoreIndex, smoothing, 1 for mean or 0 for sum */
  pack: ({ ignoreIndex, smoothing, reduction }) => [ignoreIndex, smoothing, Number(reduction === 'mean')],
  cost([logits]) {
    const n = sizeOf(logits as Shape);
    return { forward: { flops: 17 * n, bytes: 4 * n }, backward: { flops: 17 * n, bytes: 8 * n } };
  },
  cases,
  tolerance: 2e-6,
});
export default crossEntropyOp;

export const crossEntropy = (
  t: Tape,
  logits: Tensor,
  target: Tensor,
  { weights = null, ...attrs }: { weights?: Tensor | null } & Partial<CrossEntropyAttrs> = {},
): Tensor => t.apply(crossEntropyOp, [logits, target, weights], { ...plain, ...attrs })[0];
