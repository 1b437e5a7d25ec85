/** Maps of the broadcast operands; the gradient of a repeated operand is a reduction over the axes of repetition. */
import { broadcastSteps } from '../../device/webgpu/axes.ts';
import { type Dispatch, gradInput, gradOutput, input, output, type PlanFunction } from '../../device/webgpu/plan.ts';
import { map, reduction, type Strided } from '../../device/webgpu/strided.ts';
import { type Shape, sizeOf } from '../op.ts';
import type { BinaryAttrs, BinaryFunction } from './op.ts';

const value: Record<BinaryFunction, string> = { add: 'a + b', sub: 'a - b', mul: 'a * b', div: 'a / b' };
/** Gradients of a and b, and which operands they read besides g. */
const gradients: Record<BinaryFunction, [string, string][]> = {
  add: [
    ['g', ''],
    ['g', ''],
  ],
  sub: [
    ['g', ''],
    ['-g', ''],
  ],
  mul: [
    ['g * b', 'b'],
    ['g * a', 'a'],
  ],
  div: [
    ['g / b', 'b'],
    ['-g * a / (b * b)', 'ab'],
  ],
};

export const plan: PlanFunction<BinaryAttrs> = (pass, shapes, { fn }, limits) => {
  const full = (pass === 'forward' ? shapes.outputs[0] : shapes.gradOutputs[0]) as Shape;
  const operand = (name: 'a' | 'b'): Strided => {
    const index = name === 'a' ? 0 : 1;
    return { name, binding: input(index), steps: broadcastSteps(full, shapes.inputs[index] as Shape) };
  };
  if (pass === 'forward') return { dispatches: map(full, [operand('a'), operand('b')], value[fn], output(0), limits) };
  const scratch: number[] = [];
  const dispatches: Dispatch[] = [];
  shapes.gradInputs.forEach((shape, index) => {
    if (!shape) return;
    const [expression, reads] = gradients[fn][index];
    const operands: Strided[] = [
      { name: 'g', binding: gradOutput(0), steps: broadcastSteps(full, full) },
      ...[...reads].map((name) => operand(name as 'a' | 'b')),
    ];
    const to = gradInput(index);
    const repeated = (axis: number) => full[axis] !== 1 && broadcastSteps(full, shape)[axis] === 0;
    dispatches.push(
      ...(sizeOf(shape) === sizeOf(full)
        ? map(full, operands, expression, to, limits)
        : reduction({ shape: full, reduced: repeated, operands, expression, combine: 'sum', to }, scratch, limits)),
    );
  });
  return { dispatches, scratch };
};
