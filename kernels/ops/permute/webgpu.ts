/** A copy where the contiguous axis stays, a tiled transpose where it moves. */
import { type Axis, axisWords, mergeAxes, offsetsText } from '../../device/webgpu/axes.ts';
import {
  type Binding,
  type Dispatch,
  gradInput,
  gradOutput,
  grid,
  input,
  type Limits,
  output,
  type PlanFunction,
  shader,
  words,
} from '../../device/webgpu/plan.ts';
import { map } from '../../device/webgpu/strided.ts';
import { stridesOf } from '../axes.ts';
import type { Shape } from '../op.ts';
import type { PermuteAttrs } from './op.ts';

const text = shader(import.meta.url, 'permute.wgsl');

function permute(shape: Shape, order: readonly number[], from: Binding, to: Binding, limits: Limits): Dispatch[] {
  const own = stridesOf(shape);
  const result = order.map((a) => shape[a]);
  const strides = stridesOf(result);
  const axes = mergeAxes(order.map((a, d) => ({ size: shape[a], steps: [own[a], strides[d]] })));
  const inner = axes[axes.length - 1];
  if (!inner || inner.steps[0] === 1)
    return map(result, [{ name: 'x', binding: from, steps: order.map((a) => own[a]) }], 'x', to, limits);
  const cols = axes.find((a) => a.steps[0] === 1) as Axis;
  const batch = axes.filter((a) => a !== inner && a !== cols);
  const batches = batch.reduce((n, a) => n * a.size, 1);
  const code = `struct Params { rows: u32, cols: u32, x_row: u32, y_col: u32, batches: u32, axes: array<vec4u, ${Math.max(1, batch.length)}> }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> p: Params;
${offsetsText('batch', 0, batch.length)}
${text}`;
  const tiles = Math.ceil(inner.size / 32) * Math.ceil(cols.size / 32) * batches;
  const table = axisWords(batch);
  return [
    {
      code,
      bindings: [from, to],
      params: words(
        ...[inner.size, cols.size, inner.steps[0], cols.steps[1]],
        ...[batches, 0, 0, 0],
        ...(table.length ? table : [1, 0, 0, 0]),
      ),
      workgroups: grid(tiles, limits),
    },
  ];
}

export const plan: PlanFunction<PermuteAttrs> = (pass, shapes, { axes }, limits) => {
  if (pass === 'forward') {
    return { dispatches: permute(shapes.inputs[0] as Shape, axes, input(0), output(0), limits) };
  }
  const back = axes.map((_, d) => axes.indexOf(d));
  return { dispatches: permute(shapes.gradOutputs[0] as Shape, back, gradOutput(0), gradInput(0), limits) };
};
