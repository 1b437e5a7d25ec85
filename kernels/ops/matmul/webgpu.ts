/** Each gradient is one product again; a shared b sums its gradient over the batch inside the product. */
import { columnSums, product } from '../../device/webgpu/gemm.ts';
import { type Dispatch, gradInput, gradOutput, input, output, type PlanFunction } from '../../device/webgpu/plan.ts';
import type { Shape } from '../op.ts';
import { type MatmulAttrs, matmulSizes } from './op.ts';

export const plan: PlanFunction<MatmulAttrs> = (pass, shapes, attrs, limits) => {
  const given = pass === 'forward' ? shapes.inputs : shapes.inputs.map((s, i) => s ?? shapes.gradInputs[i]);
  const sizes = matmulSizes(given[0] as Shape, given[1] as Shape, given[2], attrs);
  const { N, K, shared } = sizes;
  const transA = attrs.transA ?? false;
  const transB = attrs.transB ?? false;
  // A plain a with a shared b is one tall matrix.
  const flat = shared && !transA;
  const batch = flat ? 1 : sizes.batch;
  const M = flat ? sizes.batch * sizes.M : sizes.M;
  const aStride = { row: transA ? 1 : K, depth: transA ? M : 1, batch: M * K };
  const bStride = { row: transB ? 1 : N, col: transB ? K : 1, batch: shared ? 0 : N * K };
  const scratch: number[] = [];
  const dispatches: Dispatch[] = [];

  if (pass === 'forward') {
    dispatches.push(
      ...product(
        {
          ...{ rows: M, cols: N, depth: K, batch },
          a: { binding: input(0), index: aStride.row, depth: aStride.depth, batch: aStride.batch },
          b: { binding: input(1), index: bStride.col, depth: bStride.row, batch: bStride.batch },
          c: output(0),
          bias: shapes.inputs[2] ? input(2) : null,
        },
        scratch,
        limits,
      ),
    );
    return { dispatches, scratch };
  }

  // Views of g (M, N), op(a) (M, K) and op(b) (K, N) by the pair (index into the result, summed index).
  const g = (index: number, depth: number) => ({ binding: gradOutput(0), index, depth, batch: M * N });
  const [wantA, wantB, wantBias] = shapes.gradInputs;
  if (wantA) {
    const gRows = g(N, 1);
    const b = { binding: input(1), index: bStride.row, depth: bStride.col, batch: bStride.batch };
    const [rows, cols] = transA ? [K, M] : [M, K];
    const [left, right] = transA ? [b, gRows] : [gRows, b];
    dispatches.push(...product({ rows, cols, depth: N, batch, a: left, b: right, c: gradInput(0) }, scratch, limits));
  }
  if (wantB) {
    const sum = shared && batch > 1;
    const over = (batchStride: number) => (sum ? { batch: 0, loop: batchStride } : { batch: batchStride });
    const a = { binding: input(0), index: aStride.depth, depth: aStride.row, ...over(M * K) };
    const gCols = { binding: gradOutput(0), index: 1, depth: N, ...over(M * N) };
    const [rows, cols] = transB ? [N, K] : [K, N];
    const [left, right] = transB ? [gCols, a] : [a, gCols];
    dispatches.push(
      ...product(
        {
          ...{ rows, cols, depth: M, batch: sum ? 1 : batch, loops: sum ? batch : 1 },
          ...{ a: left, b: right, c: gradInput(1) },
        },
        scratch,
        limits,
      ),
    );
  }
  if (wantBias) dispatches.push(...columnSums(gradOutput(0), gradInput(2), batch * M, N, scratch, limits));
  return { dispatches, scratch };
};
