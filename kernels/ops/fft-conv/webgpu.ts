/**
 * The long convolution on WebGPU: the fused form, one launch per row set where a row fits a workgroup, three passes
 * through memory where it does not. Long rows are worked on in chunks of channels and batches, so that scratch memory
 * stays within a fixed budget whatever B and H are.
 */
import { UnsupportedError } from '../../device/device.ts';
import { showBytes } from '../../device/meter.ts';
import { longestTransform } from '../../device/webgpu/fft.ts';
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
  type PlanShapes,
  scratch,
  table,
  words,
} from '../../device/webgpu/plan.ts';
import type { Pass, Shape } from '../op.ts';
import { type FftConvAttrs, isTwoSided, type Sides } from './op.ts';
import { longShaders } from './webgpu-long-shaders.ts';
import { type ConvParams, packParams, type ShaderOptions } from './webgpu-shader-text.ts';
import { shortShaders } from './webgpu-short-shaders.ts';

/** Bytes of scratch that a chunk of long rows may take (each of the two signals of a correlation). */
const chunkBytes = 2 ** 26;
/** Shorter transforms are padded: below this, launching costs more than computing. */
const leastPoints = 64;
/** Workgroups that keep a GPU busy; a correlation's batch is split to get there. */
const enoughGroups = 128;

/** Sizes of a call, and how far the taps reach to either side. */
interface Reach {
  base: ConvParams;
  B: number;
  M: number;
}

function reach(pass: Pass, shapes: PlanShapes, sides: Sides): Reach {
  const [B, H, L] = shapes.inputs[0] as Shape;
  const [K, , taps] = shapes.inputs[1] as Shape;
  const C = isTwoSided(sides) ? K / 2 : K;
  const ahead = Math.min(taps, L);
  const behind = { causal: 0, 'lag-1': Math.min(taps, L - 1), 'double-zero': Math.min(taps, L) - 1, circular: L - 1 }[
    sides
  ];
  const n = L + Math.max(ahead - 1, behind);
  const M = Math.max(leastPoints, 2 ** Math.ceil(Math.log2(n / 2)));
  if (M > 2 ** 28)
    throw new UnsupportedError(
      `fft-conv ${pass}: a length of ${L} with ${taps} taps is beyond 32-bit indices on WebGPU`,
    );
  const all = { first_h: 0, count_h: H, first_b: 0, count_b: B, channels: H, first_channel: 0, channel: 0 };
  const tapsBehind = {
    behind_row: isTwoSided(sides) ? C * H : 0,
    behind_start: sides === 'circular' ? 2 * L : sides === 'lag-1' ? -1 : 0,
    behind_step: sides === 'circular' ? -1 : 1,
    both_zero: sides === 'double-zero' ? 1 : 0,
  };
  const skip = shapes.inputs[2] ? 1 : 0;
  return { B, M, base: { L, taps, H, C, ...all, ahead, behind, ...tapsBehind, skip, parts: 1, items: 0 } };
}

export const plan: PlanFunction<FftConvAttrs> = (pass, shapes, attrs, limits) => {
  if (attrs.form !== 'fused')
    throw new UnsupportedError(`op fft-conv has no ${attrs.form} form for WebGPU: use the fused form, or the CPU`);
  const size = reach(pass, shapes, attrs.sides);
  const options: ShaderOptions = {
    M: size.M,
    folded: size.base.L > size.M,
    registers: limits.registers,
  };
  const row = longestTransform(limits.workgroupBytes, limits.invocations, limits.registers);
  const make = size.M <= row ? shortPlan : longPlan;
  return make(pass, shapes, size, options, limits, row, attrs.sides);
};

type Builder = (
  pass: Pass,
  shapes: PlanShapes,
  size: Reach,
  options: ShaderOptions,
  limits: Limits,
  row: number,
  sides: Sides,
) => { dispatches: Dispatch[]; scratch: number[] };

/** The taps that reach no output have gradient zero; kernels that write only the others leave these to this one. */
function clearTaps(shapes: PlanShapes, { base }: Reach, sides: Sides, limits: Limits): Dispatch[] {
  const k = shapes.gradInputs[1];
  const complete =
    base.taps === base.ahead &&
    (sides === 'causal' || (sides === 'lag-1' ? base.taps === base.behind : sides !== 'circular'));
  if (!k || complete) return [];
  const count = k[0] * k[1] * k[2];
  const code = `@group(0) @binding(0) var<storage, read_write> dk: array<f32>;
@group(0) @binding(1) var<uniform> count: vec4u;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 256u + thread;
  if (i < count.x) {
    dk[i] = 0.0;
  }
}
`;
  const workgroups = grid(Math.ceil(count / 256), limits);
  return [{ code, bindings: [gradInput(1)], params: words(count), workgroups }];
}

function launcher(dispatches: Dispatch[], limits: Limits) {
  return (code: string, bindings: Binding[], items: number, params: ConvParams) =>
    dispatches.push({
      code,
      bindings,
      params: words(...packParams({ ...params, items })),
      workgroups: grid(items, limits),
    });
}

const noRoom = (pass: Pass, base: ConvParams, bytes: number, limits: Limits): UnsupportedError =>
  new UnsupportedError(
    `fft-conv ${pass}: a length of ${base.L} needs ${showBytes(bytes)} in one piece, and this GPU lets a kernel see ${showBytes(limits.bindingBytes)}: choose a shorter length, or the CPU`,
  );

const shortPlan: Builder = (pass, shapes, { base, B, M }, options, limits, _row, sides) => {
  const { H, C } = base;
  const dispatches = clearTaps(shapes, { base, B, M }, sides, limits);
  const launch = launcher(dispatches, limits);
  // Spectra of a chunk of channels fit one binding.
  const step = Math.min(H, Math.floor(limits.bindingBytes / (8 * M * C)));
  if (step < 1) throw noRoom(pass, base, 8 * M * C, limits);
  const units = Math.max(1, Math.min(Math.floor(64 / shortShaders(options, 1).transform.threads), maxUnits(M, limits)));
  const s = shortShaders(options, units);
  const groups = (rows: number) => Math.ceil(rows / units);
  const twiddles = table(s.transform.tableKey, () => s.transform.table());
  // Without a D any buffer takes its place; it is not read.
  const D = input(base.skip ? 2 : 1);
  const [wantU, wantK, wantD] = shapes.gradInputs.map(Boolean);
  const parts = Math.max(
    1,
    Math.min(B, Math.floor(enoughGroups / groups(C * H)), Math.floor(limits.bindingBytes / (8 * M * C * step))),
  );
  const sizes = [0, 0];
  for (let first_h = 0; first_h < H; first_h += step) {
    const count_h = Math.min(step, H - first_h);
    const p = { ...base, first_h, count_h, parts };
    const rows = B * count_h;
    if (pass === 'forward' || wantU) {
      sizes[0] = Math.max(sizes[0], 2 * M * C * count_h);
      launch(s.kernelSpectrum(), [input(1), D, twiddles, scratch(0, 'write')], groups(C * count_h), p);
    }
    if (pass === 'forward') {
      launch(s.forward(), [input(0), scratch(0, 'read'), twiddles, output(0)], groups(rows), p);
      continue;
    }
    if (wantU)
      launch(s.gradientOfSignal(), [gradOutput(0), scratch(0, 'read'), twiddles, gradInput(0)], groups(rows), p);
    if (wantK || wantD) {
      sizes[1] = Math.max(sizes[1], 2 * M * C * count_h * parts);
      launch(s.correlation(), [input(0), gradOutput(0), twiddles, scratch(1, 'write')], groups(parts * C * count_h), p);
      launch(
        s.gradientOfTaps(wantK, wantD),
        [scratch(1, 'read'), twiddles, ...(wantK ? [gradInput(1)] : []), ...(wantD ? [gradInput(2)] : [])],
        groups(C * count_h),
        p,
      );
    }
  }
  return { dispatches, scratch: sizes };
};

/** Transforms of M points that a workgroup's memory holds. */
const maxUnits = (M: number, limits: Limits): number => Math.floor(limits.workgroupBytes / (8 * M));

const longPlan: Builder = (pass, shapes, { base, B, M }, options, limits, row, sides) => {
  const { H, C } = base;
  if (8 * M > limits.bindingBytes) throw noRoom(pass, base, 8 * M, limits);
  const M2 = row;
  const M1 = M / M2;
  if (M1 > row)
    throw new UnsupportedError(
      `fft-conv ${pass}: a length of ${base.L} needs transforms of ${M} points, and this GPU's workgroups hold ${row} x ${row}: choose a shorter length, or the CPU`,
    );
  const probe = longShaders(options, M1, M2, 1, 1);
  const power = (x: number) => 2 ** Math.floor(Math.log2(Math.max(1, x)));
  // A short column stays in a thread's registers; longer ones share the workgroup's memory.
  const columnRoom = probe.column.threads === 1 ? 64 : maxUnits(M1, limits);
  const columnUnits = Math.min(M2, power(Math.min(columnRoom, 256 / probe.column.threads)));
  const lineUnits = Math.min(M1, power(Math.min(64 / probe.line.threads, maxUnits(M2, limits))));
  const s = longShaders(options, M1, M2, columnUnits, lineUnits);
  const columnTables = [
    table(s.column.tableKey, () => s.column.table()),
    table(s.factors.tableKey, () => s.factors.table()),
  ];
  const lineTable = table(s.line.tableKey, () => s.line.table());

  const rows = Math.max(1, Math.floor(Math.min(chunkBytes, limits.bindingBytes) / (8 * M)));
  const stepH = Math.min(H, rows);
  const stepB = Math.min(B, Math.max(1, Math.floor(rows / stepH)));
  const dispatches = clearTaps(shapes, { base, B, M }, sides, limits);
  const launch = launcher(dispatches, limits);
  const columns = (code: string, bindings: Binding[], count: number, p: ConvParams) =>
    launch(code, bindings, count * s.groupsPerRow, p);
  const lines = (code: string, bindings: Binding[], count: number, p: ConvParams) =>
    launch(code, [...bindings, lineTable], (count * M1) / lineUnits, p);
  const [wantU, wantK, wantD] = shapes.gradInputs.map(Boolean);
  const wantTaps = wantK || wantD;
  const z = (access: Binding['access']) => scratch(0, access);
  const spectrum = (access: Binding['access']) => scratch(1, access);
  const zg = (access: Binding['access']) => scratch(2, access);

  // Without a D any buffer takes its place; it is not read.
  const D = input(base.skip ? 2 : 1);
  for (let first_h = 0; first_h < H; first_h += stepH) {
    const count_h = Math.min(stepH, H - first_h);
    for (let channel = 0; channel < C; channel++) {
      const p = { ...base, first_h, count_h, channel };
      const ofChannel = { channels: C * H, first_channel: channel * H };
      if (pass === 'forward' || wantU) {
        columns(s.kernelColumns(), [input(1), D, ...columnTables, z('write')], count_h, p);
        lines(s.spectrumLines(), [z('read'), spectrum('write')], count_h, p);
        for (let first_b = 0; first_b < B; first_b += stepB) {
          const count_b = Math.min(stepB, B - first_b);
          const count = count_b * count_h;
          const of = { ...p, first_b, count_b };
          const [from, to, fromRows, toRows] =
            pass === 'forward' ? [input(0), output(0), {}, ofChannel] : [gradOutput(0), gradInput(0), ofChannel, {}];
          columns(s.signalColumns(), [from, ...columnTables, z('write')], count, { ...of, ...fromRows });
          lines(s.productLines(pass === 'backward'), [z('write'), spectrum('read')], count, of);
          columns(s.signalFromColumns(pass === 'backward' && channel > 0), [z('read'), ...columnTables, to], count, {
            ...of,
            ...toRows,
          });
        }
      }
      if (wantTaps) {
        for (let first_b = 0; first_b < B; first_b += stepB) {
          const count_b = Math.min(stepB, B - first_b);
          const of = { ...p, first_b, count_b };
          columns(s.signalColumns(), [input(0), ...columnTables, z('write')], count_b * count_h, of);
          columns(s.signalColumns(), [gradOutput(0), ...columnTables, zg('write')], count_b * count_h, {
            ...of,
            ...ofChannel,
          });
          lines(s.correlationLines(first_b > 0), [z('read'), zg('read'), spectrum('write')], count_h, of);
        }
        lines(s.inverseLines(), [spectrum('read'), z('write')], count_h, p);
        columns(
          s.tapsFromColumns(wantK, wantD),
          [z('read'), ...columnTables, ...(wantK ? [gradInput(1)] : []), ...(wantD ? [gradInput(2)] : [])],
          count_h,
          p,
        );
      }
    }
  }
  const chunk = 2 * M * stepH;
  return { dispatches, scratch: [chunk * stepB, chunk, wantTaps ? chunk * stepB : 0] };
};
