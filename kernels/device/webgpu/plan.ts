/**
 * The contract between an op's `webgpu.ts` and the WebGPU device.
 *
 * `kernels/ops/<op>/webgpu.ts` exports `plan(pass, shapes, attrs, limits)`: which shaders to run, on which
 * operands, how many workgroups. It is a pure function of its arguments (plans are cached by them) and touches
 * no device. A missing file means "not on this device"; a plan that cannot be made throws an `UnsupportedError`
 * that says which limit is passed.
 *
 * In the shader, everything is in group 0: binding i is `bindings[i]`, and `params` (a uniform buffer, when
 * given) follows the last of them. Buffers are padded to 16 bytes: a kernel may read and write `array<vec4f>` up
 * to the padding, whose contents nobody relies on.
 */
import { readFileSync } from 'node:fs';
import type { Attrs, Pass, Shape } from '../../ops/op.ts';
import type { Operands } from '../device.ts';

/** What the device allows; bytes and counts. */
export interface Limits {
  /** Memory of one workgroup. */
  workgroupBytes: number;
  /** Threads of one workgroup. */
  invocations: number;
  /** Largest part of a buffer that one binding may show. */
  bindingBytes: number;
  /** Largest buffer. */
  bufferBytes: number;
  workgroupsPerDimension: number;
  /**
   * Complex numbers that a thread keeps in registers: 16 on a GPU. Fewer make shorter programs, which software drivers
   * compile much faster.
   */
  registers: number;
  /** Offsets of binding slices are multiples of this many elements. */
  sliceAlignment: number;
}

/** Shapes of the operands of a call; null where an operand is not there. */
export type PlanShapes = { [K in keyof Operands]: (Shape | null)[] };

export type Source =
  | { from: keyof Operands; index: number }
  /** The i-th scratch buffer of the plan. */
  | { from: 'scratch'; index: number }
  /** Constants made on the host once per device and kept (twiddle factors); `key` names them. */
  | { from: 'table'; key: string; make(): Float32Array };

export interface Binding {
  source: Source;
  /** `read` is `var<storage, read>`, `write` is `var<storage, read_write>`. */
  access: 'read' | 'write';
  /** First element and number of elements; default: all. */
  slice?: [number, number];
}

export interface Dispatch {
  /** The whole WGSL module. */
  code: string;
  /** Entry point; default `main`. */
  entry?: string;
  /** Values of `override` constants. */
  constants?: Record<string, number>;
  bindings: Binding[];
  /** Contents of the uniform buffer, laid out as the shader's struct. */
  params?: ArrayBuffer;
  workgroups: readonly [number, number?, number?];
}

export interface Plan {
  dispatches: Dispatch[];
  /** Elements (4 bytes each) of the scratch buffers; they live for this call only. */
  scratch?: number[];
}

export type PlanFunction<A extends Attrs = Attrs> = (pass: Pass, shapes: PlanShapes, attrs: A, limits: Limits) => Plan;

/** What `kernels/ops/<op>/webgpu.ts` exports. */
export interface WebGpuKernels<A extends Attrs = Attrs> {
  plan: PlanFunction<A>;
  /** Passes that the file implements; default: both. */
  passes?: Pass[];
}

export const input = (index: number): Binding => ({ source: { from: 'inputs', index }, access: 'read' });
export const output = (index: number): Binding => ({ source: { from: 'outputs', index }, access: 'write' });
export const gradOutput = (index: number): Binding => ({ source: { from: 'gradOutputs', index }, access: 'read' });
export const gradInput = (index: number): Binding => ({ source: { from: 'gradInputs', index }, access: 'write' });
export const scratch = (index: number, access: Binding['access']): Binding => ({
  source: { from: 'scratch', index },
  access,
});
export const table = (key: string, make: () => Float32Array): Binding => ({
  source: { from: 'table', key, make },
  access: 'read',
});
/** The same operand with the other kind of access: a saved output that is read, an input that is updated. */
export const reading = (b: Binding): Binding => ({ ...b, access: 'read' });
export const writing = (b: Binding): Binding => ({ ...b, access: 'write' });

/** A uniform buffer of 32-bit words: `u` takes integers, `f` a float. Padded to 16 bytes. */
export function words(...values: (number | { f: number })[]): ArrayBuffer {
  const buffer = new ArrayBuffer(Math.ceil(values.length / 4) * 16);
  const view = new DataView(buffer);
  values.forEach((v, i) => {
    if (typeof v === 'number') view.setInt32(4 * i, v, true);
    else view.setFloat32(4 * i, v.f, true);
  });
  return buffer;
}
export const f = (value: number): { f: number } => ({ f: value });

/**
 * Workgroups for `count` items, in x and then y where one dimension does not hold them. The shader finds its
 * item as `group.y * groups.x + group.x` and leaves when that is `count` or more.
 */
export function grid(count: number, limits: Limits): [number, number] {
  const most = limits.workgroupsPerDimension;
  const y = Math.max(1, Math.ceil(count / most));
  return [Math.max(1, Math.ceil(count / y)), y];
}

/** Text of a `.wgsl` file: `shader(import.meta.url, 'unary.wgsl')`. */
export function shader(base: string, file: string): string {
  return readFileSync(new URL(file, base), 'utf8');
}
