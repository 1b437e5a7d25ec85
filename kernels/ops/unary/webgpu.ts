import {
  f,
  gradInput,
  gradOutput,
  grid,
  input,
  output,
  type Plan,
  type PlanFunction,
  reading,
  shader,
  words,
} from '../../device/webgpu/plan.ts';
import { type Shape, sizeOf } from '../op.ts';
import { functions, type UnaryAttrs } from './op.ts';

const threads = 256;
const common = shader(import.meta.url, '../../device/webgpu/math.wgsl') + shader(import.meta.url, 'unary.wgsl');

/** The bindings differ (scale saves nothing), so each pass is its own module. */
const forward = `${common}
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> p: Params;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * ${threads}u + thread;
  if (i < p.vectors) { y[i] = value(x[i], p.alpha, p.beta); }
}`;
const backward = `${common}
@group(0) @binding(0) var<storage, read> g: array<vec4f>;
@group(0) @binding(1) var<storage, read> s: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> p: Params;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * ${threads}u + thread;
  if (i < p.vectors) { dx[i] = g[i] * slope(s[i], p.alpha); }
}`;

export const plan: PlanFunction<UnaryAttrs> = (pass, shapes, attrs, limits): Plan => {
  const shape = pass === 'forward' ? shapes.inputs[0] : shapes.gradOutputs[0];
  const vectors = Math.ceil(sizeOf(shape as Shape) / 4);
  // scale's slope is constant: any operand of the right size serves as s.
  const saved = shapes.inputs[0] ? input(0) : shapes.outputs[0] ? reading(output(0)) : gradOutput(0);
  return {
    dispatches: [
      {
        code: pass === 'forward' ? forward : backward,
        constants: { function: functions.indexOf(attrs.fn) },
        bindings: pass === 'forward' ? [input(0), output(0)] : [gradOutput(0), saved, gradInput(0)],
        params: words(vectors, f(attrs.alpha ?? 1), f(attrs.beta ?? 0)),
        workgroups: grid(Math.ceil(vectors / threads), limits),
      },
    ],
  };
};
