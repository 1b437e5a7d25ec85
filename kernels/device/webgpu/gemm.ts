/** Matrix products and column sums as dispatches: the building blocks of `matmul` and of others that need them. */
import { type Binding, type Dispatch, grid, type Limits, scratch, shader, words } from './plan.ts';

const gemmText = shader(import.meta.url, 'gemm.wgsl');
const sumText = shader(import.meta.url, 'sum-parts.wgsl');
const columnText = shader(import.meta.url, 'column-sums.wgsl');

/** A matrix in memory: strides in elements of its index into C, of the depth, of the batch and of the summed batch. */
export interface MatrixView {
  binding: Binding;
  index: number;
  depth: number;
  batch: number;
  loop?: number;
}

/** C (batch, rows, cols) = sum over loops and depth of A B, plus a bias per column. */
export interface Product {
  rows: number;
  cols: number;
  depth: number;
  batch: number;
  /** A second batch, which is summed. Default 1. */
  loops?: number;
  a: MatrixView;
  b: MatrixView;
  c: Binding;
  bias?: Binding | null;
}

/** Below this many workgroups a GPU is idle in parts; the depth is split to get there. */
const enoughGroups = 128;
/** A split is at least this many steps of 16 deep. */
const leastSteps = 16;
const depthStep = 16;

/** Threads along columns and rows, and rows a thread. */
const tiles = { large: [16, 16, 8], small: [8, 8, 4] } as const;

function biasText(bias: Binding | null | undefined, index: number): string {
  return bias
    ? `@group(0) @binding(${index}) var<storage, read> bias: array<f32>;\nfn bias_at(i: u32) -> f32 { return bias[i]; }\n`
    : 'fn bias_at(i: u32) -> f32 { return 0.0; }\n';
}

/** Sums `parts` blocks of `count` elements in scratch buffer `from` into `to`. */
function sumParts(
  from: number,
  to: Binding,
  count: number,
  parts: number,
  limits: Limits,
  bias: Binding | null = null,
  cols = 1,
): Dispatch {
  const code = `@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
${biasText(bias, 2)}@group(0) @binding(${bias ? 3 : 2}) var<uniform> p: Params;
${sumText}`;
  return {
    code,
    bindings: [scratch(from, 'read'), to, ...(bias ? [bias] : [])],
    params: words(count, parts, cols),
    workgroups: grid(Math.ceil(count / 256), limits),
  };
}

/** The dispatches of a product. `scratchSizes` is the plan's list; a split product appends to it. */
export function product(p: Product, scratchSizes: number[], limits: Limits): Dispatch[] {
  const { rows, cols, depth, batch, loops = 1, a, b, bias } = p;
  const count = batch * rows * cols;
  if (!count) return [];
  const tilesOf = ([x, y, r]: readonly number[]) => Math.ceil(rows / (y * r)) * Math.ceil(cols / (x * 4)) * batch;
  const large = tilesOf(tiles.large) >= enoughGroups / 2 && limits.invocations >= 256;
  const [x, y, r] = large ? tiles.large : tiles.small;
  const steps = Math.max(1, Math.ceil(depth / depthStep) * loops);
  const most = Math.floor(Math.min(limits.bindingBytes, 2 ** 26) / (4 * count));
  const wanted = Math.min(Math.floor(enoughGroups / tilesOf([x, y, r])), Math.floor(steps / leastSteps), most);
  const stepsPerSplit = Math.ceil(steps / Math.max(1, wanted));
  const splits = Math.ceil(steps / stepsPerSplit);
  let c = p.c;
  if (splits > 1) {
    c = scratch(scratchSizes.length, 'write');
    scratchSizes.push(splits * count);
  }
  const own = splits > 1 ? null : bias;
  const code = `const X = ${x}u;
const Y = ${y}u;
const ROWS = ${r}u;
const A_DEPTH_FIRST = ${a.depth === 1};
const B_DEPTH_FIRST = ${b.depth === 1};
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
${biasText(own, 3)}@group(0) @binding(${own ? 4 : 3}) var<uniform> p: Params;
${gemmText}`;
  const dispatches: Dispatch[] = [];
  const perDispatch = Math.floor(limits.workgroupsPerDimension / splits);
  for (let first = 0; first < batch; first += perDispatch)
    dispatches.push({
      code,
      bindings: [a.binding, b.binding, c, ...(own ? [own] : [])],
      params: words(
        ...[rows, cols, depth, loops],
        ...[a.index, a.depth, a.batch, a.loop ?? 0],
        ...[b.index, b.depth, b.batch, b.loop ?? 0],
        ...[splits, stepsPerSplit, first, rows * cols, count],
      ),
      workgroups: [Math.ceil(cols / (4 * x)), Math.ceil(rows / (y * r)), Math.min(perDispatch, batch - first) * splits],
    });
  if (splits > 1) dispatches.push(sumParts(scratchSizes.length - 1, p.c, count, splits, limits, bias, cols));
  return dispatches;
}

/** to (cols) = sum of the rows of x (rows, cols). */
export function columnSums(
  x: Binding,
  to: Binding,
  rows: number,
  cols: number,
  scratchSizes: number[],
  limits: Limits,
): Dispatch[] {
  const chunk = Math.max(64, Math.ceil(rows / 256));
  const chunks = Math.max(1, Math.ceil(rows / chunk));
  const from = scratchSizes.length;
  scratchSizes.push(chunks * cols);
  return [
    {
      code: columnText,
      bindings: [x, scratch(from, 'write')],
      params: words(rows, cols, chunk),
      workgroups: [Math.ceil(cols / 64), chunks],
    },
    sumParts(from, to, cols, chunks, limits),
  ];
}
