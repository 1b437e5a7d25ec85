/** Ties of a maximum share its gradient: they are counted first. */
import { broadcastSteps } from '../../device/webgpu/axes.ts';
import {
  type Dispatch,
  gradInput,
  gradOutput,
  input,
  output,
  type PlanFunction,
  reading,
  scratch as scratchBuffer,
} from '../../device/webgpu/plan.ts';
import { map, reduction, type Strided } from '../../device/webgpu/strided.ts';
import { type Shape, sizeOf } from '../op.ts';
import { keptShape, type ReduceAttrs } from './op.ts';

export const plan: PlanFunction<ReduceAttrs> = (pass, shapes, { fn, axes }, limits) => {
  const shape = (pass === 'forward' ? shapes.inputs[0] : shapes.gradInputs[0]) as Shape;
  const kept = keptShape(shape, axes);
  const n = sizeOf(shape) / sizeOf(kept);
  const reduced = (axis: number) => axes.includes(axis);
  const x: Strided = { name: 'x', binding: input(0), steps: broadcastSteps(shape, shape) };
  const scratch: number[] = [];
  const dispatches: Dispatch[] = [];
  if (pass === 'forward') {
    const combine = fn === 'max' ? 'max' : 'sum';
    const scale = fn === 'mean' ? 1 / n : 1;
    const of = { shape, reduced, operands: [x], expression: 'x', combine, scale, to: output(0) } as const;
    dispatches.push(...reduction(of, scratch, limits));
    return { dispatches, scratch };
  }
  const steps = broadcastSteps(shape, kept);
  const g: Strided = { name: 'g', binding: gradOutput(0), steps };
  const to = gradInput(0);
  if (fn !== 'max') {
    const expression = fn === 'mean' ? `g * T(${1 / n})` : 'g';
    return { dispatches: map(shape, [g], expression, to, limits) };
  }
  const y: Strided = { name: 'y', binding: reading(output(0)), steps };
  scratch.push(sizeOf(kept));
  const counting = {
    shape,
    reduced,
    operands: [x, y],
    expression: 'select(0.0, 1.0, x == y)',
    combine: 'sum',
  } as const;
  dispatches.push(...reduction({ ...counting, to: scratchBuffer(0, 'write') }, scratch, limits));
  const winners: Strided = { name: 'winners', binding: scratchBuffer(0, 'read'), steps };
  dispatches.push(...map(shape, [g, x, y, winners], 'select(T(0.0), g / winners, x == y)', to, limits));
  return { dispatches, scratch };
};
