/**
 * Element-wise maps and reductions of strided (broadcast) operands, generated from an expression: what `binary`,
 * `reduce` and their gradients are made of.
 */
import { type Shape, sizeOf } from '../../ops/op.ts';
import { type Axis, axisWords, mergeAxes, mostOperandLayouts, offsetsText } from './axes.ts';
import { type Binding, type Dispatch, grid, type Limits, scratch, words } from './plan.ts';

/** An operand of an iteration: its name in the expression, and its step along each axis of the iteration. */
export interface Strided {
  name: string;
  binding: Binding;
  steps: number[];
}

const threads = 256;
const components = ['x', 'y', 'z'];

/** Operands that are walked alike share a place in the table. */
function layoutsOf(operands: readonly Strided[]): { layouts: number[][]; place: number[] } {
  const layouts: number[][] = [];
  const place = operands.map(({ steps }) => {
    const found = layouts.findIndex((l) => l.every((s, d) => s === steps[d]));
    return found >= 0 ? found : layouts.push(steps) - 1;
  });
  if (layouts.length > mostOperandLayouts) throw new Error('an iteration has more than three kinds of operand layouts');
  return { layouts, place };
}

const axesOf = (shape: Shape, layouts: number[][], keep: (d: number) => boolean): Axis[] =>
  mergeAxes(shape.map((size, d) => ({ size, steps: layouts.map((l) => l[d]) })).filter((_, d) => keep(d)));

const declare = (operands: readonly { name: string }[], type: string): string =>
  operands.map(({ name }, i) => `@group(0) @binding(${i}) var<storage, read> ${name}_: array<${type}>;`).join('\n');

const entry = `(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32)`;

/** to (dense, of `shape`) = expression of the operands' elements; `T` is the type that it works on. */
export function map(
  shape: Shape,
  operands: readonly Strided[],
  expression: string,
  to: Binding,
  limits: Limits,
): Dispatch[] {
  const count = sizeOf(shape);
  if (!count) return [];
  const { layouts, place } = layoutsOf(operands);
  const axes = axesOf(shape, layouts, () => true);
  // Everything dense: four elements a thread.
  const dense = axes.length <= 1 && axes.every((a) => a.steps.every((s) => s === 1));
  const type = dense ? 'vec4f' : 'f32';
  const items = dense ? Math.ceil(count / 4) : count;
  const values = operands
    .map(({ name }, i) => `let ${name} = ${name}_[${dense ? 'i' : `at.${components[place[i]]}`}];`)
    .join('\n    ');
  const code = `alias T = ${type};
struct Params { items: vec4u, axes: array<vec4u, ${Math.max(1, axes.length)}> }
${declare(operands, type)}
@group(0) @binding(${operands.length}) var<storage, read_write> to: array<${type}>;
@group(0) @binding(${operands.length + 1}) var<uniform> p: Params;
${dense ? '' : offsetsText('offsets', 0, axes.length)}
@compute @workgroup_size(${threads})
fn main${entry} {
  let i = (group.y * groups.x + group.x) * ${threads}u + thread;
  if (i < p.items.x) {
    ${dense ? '' : 'let at = offsets(i);'}
    ${values}
    to[i] = ${expression};
  }
}
`;
  const table = axisWords(axes);
  return [
    {
      code,
      bindings: [...operands.map((o) => o.binding), to],
      params: words(items, 0, 0, 0, ...(table.length ? table : [1, 0, 0, 0])),
      workgroups: grid(Math.ceil(items / threads), limits),
    },
  ];
}

export interface Reduction {
  /** The iteration, and which of its axes are reduced. */
  shape: Shape;
  reduced: (axis: number) => boolean;
  operands: readonly Strided[];
  /** What is combined. */
  expression: string;
  combine: 'sum' | 'max';
  /** Factor of the result. */
  scale?: number;
  /** Dense, over the axes that are kept. */
  to: Binding;
}

const enoughGroups = 128;
/** Elements that a workgroup reduces at least before the work is split further. */
const leastChunk = 2048;

/**
 * The dispatches of a reduction. Along rows (the contiguous axis is reduced) a workgroup reduces one result; else
 * it takes 64 neighbouring results at a time, so that memory is read along its rows either way. Long reductions are
 * split into chunks whose partial results are combined by a second launch, always in the same order.
 */
export function reduction(r: Reduction, scratchSizes: number[], limits: Limits): Dispatch[] {
  const { layouts, place } = layoutsOf(r.operands);
  const kept = axesOf(r.shape, layouts, (d) => !r.reduced(d));
  const gone = axesOf(r.shape, layouts, r.reduced);
  const count = kept.reduce((n, a) => n * a.size, 1);
  const length = gone.reduce((n, a) => n * a.size, 1);
  const alongRows = count === 1 || gone.some((a) => a.steps.some((s) => s === 1));
  const groups = alongRows ? count : Math.ceil(count / 64);
  const perGroup = alongRows ? leastChunk : leastChunk / 16;
  const wanted = Math.max(1, Math.min(Math.floor(enoughGroups / groups), Math.floor(length / perGroup)));
  const chunk = Math.ceil(length / wanted);
  const chunks = Math.ceil(length / chunk);
  const split = chunks > 1;
  const to = split ? scratch(scratchSizes.length, 'write') : r.to;
  if (split) scratchSizes.push(chunks * count);
  const factor = r.scale ?? 1;
  const values = r.operands.map(({ name }, i) => `let ${name} = ${name}_[at.${components[place[i]]}];`).join(' ');
  const [lanes, results] = alongRows ? [128, 1] : [4, 64];
  const code = `alias T = f32;
struct Params { count: u32, len: u32, chunk: u32, groups: u32, scale: f32, axes: array<vec4u, ${Math.max(1, kept.length + gone.length)}> }
${declare(r.operands, 'f32')}
@group(0) @binding(${r.operands.length}) var<storage, read_write> to: array<f32>;
@group(0) @binding(${r.operands.length + 1}) var<uniform> p: Params;
${offsetsText('kept', 0, kept.length)}
${offsetsText('gone', kept.length, gone.length)}
${combineText(r.combine)}
const LANES = ${lanes}u;
const RESULTS = ${results}u;
var<workgroup> partial: array<f32, LANES * RESULTS>;
@compute @workgroup_size(${lanes * results})
fn main${entry} {
  let item = group.y * groups.x + group.x;
  if (item >= p.groups * ((p.len + p.chunk - 1u) / p.chunk)) {
    return;
  }
  let result = (item % p.groups) * RESULTS + thread % RESULTS;
  let lane = thread / RESULTS;
  let chunk = item / p.groups;
  var sum = NEUTRAL;
  if (result < p.count) {
    let base = kept(result);
    let end = min((chunk + 1u) * p.chunk, p.len);
    for (var i = chunk * p.chunk + lane; i < end; i += LANES) {
      let at = base + gone(i);
      ${values}
      sum = combine(sum, ${r.expression});
    }
  }
  partial[thread] = sum;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      partial[thread] = combine(partial[thread], partial[thread + half * RESULTS]);
    }
    workgroupBarrier();
  }
  if (lane == 0u && result < p.count) {
    to[chunk * p.count + result] = partial[thread] * p.scale;
  }
}
`;
  const scale = { f: split ? 1 : factor };
  const table = [...axisWords(kept), ...axisWords(gone)];
  const dispatches: Dispatch[] = [
    {
      code,
      bindings: [...r.operands.map((o) => o.binding), to],
      params: words(count, length, chunk, groups, scale, 0, 0, 0, ...(table.length ? table : [1, 0, 0, 0])),
      workgroups: grid(groups * chunks, limits),
    },
  ];
  if (split) dispatches.push(combineParts(scratchSizes.length - 1, r.to, count, chunks, r.combine, factor, limits));
  return dispatches;
}

const combineText = (how: 'sum' | 'max'): string =>
  how === 'sum'
    ? 'const NEUTRAL = 0.0;\nfn combine(a: f32, b: f32) -> f32 { return a + b; }'
    : 'const NEUTRAL = -3.4028234663852886e38;\nfn combine(a: f32, b: f32) -> f32 { return max(a, b); }';

/** to[i] = scale combine over s of parts[s * count + i]. */
function combineParts(
  from: number,
  to: Binding,
  count: number,
  parts: number,
  how: 'sum' | 'max',
  scale: number,
  limits: Limits,
): Dispatch {
  const code = `struct Params { count: u32, parts: u32, scale: f32 }
@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> to: array<f32>;
@group(0) @binding(2) var<uniform> p: Params;
${combineText(how)}
@compute @workgroup_size(${threads})
fn main${entry} {
  let i = (group.y * groups.x + group.x) * ${threads}u + thread;
  if (i >= p.count) {
    return;
  }
  var sum = NEUTRAL;
  for (var s = 0u; s < p.parts; s++) {
    sum = combine(sum, parts[s * p.count + i]);
  }
  to[i] = sum * p.scale;
}
`;
  return {
    code,
    bindings: [scratch(from, 'read'), to],
    params: words(count, parts, { f: scale }),
    workgroups: grid(Math.ceil(count / threads), limits),
  };
}
