import assert from 'node:assert/strict';
import test from 'node:test';
import { assertThreadsAgree } from '../cpu-check.ts';
import { ShapeError } from '../op.ts';
import matmul, { type MatmulAttrs } from './op.ts';

test('matmul gives the same bits with any number of threads', async () => {
  const bits = (name: string, shapes: (number[] | null)[], attrs: MatmulAttrs) =>
    assertThreadsAgree(matmul, { name, shapes, attrs });
  await bits('several regions', [[401, 300], [300, 530], [530]], {});
  await bits('a weight gradient with a long sum', [[9001, 40], [9001, 33], null], { transA: true });
  await bits('a shared weight under a transposed batch', [[3, 70, 900], [65, 70], [65]], {
    transA: true,
    transB: true,
  });
  await bits('few rows', [[3, 500], [700, 500], [700]], { transB: true });
  await bits('many small products', [[90, 20, 30], [90, 30, 10], null], {});
});

test('matmul refuses operands that do not fit and names them', () => {
  const infer =
    (a: number[], b: number[], bias: number[] | null = null, attrs: MatmulAttrs = {}) =>
    () =>
      matmul.infer([a, b, bias], attrs);
  assert.throws(infer([2, 3], [4, 5]), (e: Error) => e instanceof ShapeError && /3 columns .* 4 rows/.test(e.message));
  assert.throws(infer([2, 2, 3], [3, 3, 5]), /batch dimensions of a \(2, 2, 3\)/);
  assert.throws(infer([2, 3], [3, 5], [4]), /bias \(4\) must be \(5\)/);
  assert.throws(infer([2, 0], [0, 5]), /no columns/);
  assert.throws(infer([3], [3, 5]), /must be matrices/);
});
