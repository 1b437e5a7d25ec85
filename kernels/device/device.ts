/**
 * The device contract. A device allocates, moves data and runs an op's kernel on buffers; everything above
 * (tensors, tape, models, benchmarks) is written against this file alone.
 *
 * `run` enqueues and returns: on the CPU and the reference it has finished on return, on a GPU the work is in
 * flight until `fence` or `download`. Work is executed in the order in which it was enqueued. A device that
 * was not asked for is never used, and an op that a device lacks is an `UnsupportedError` that names both.
 */
import type { Attrs, Op, Pass, Shape } from '../ops/op.ts';

/** Element type as the layers above see it. `real` is f32 on every fast device and f64 on the reference. */
export type DType = 'real' | 'i32';
export type HostArray = Float32Array | Float64Array | Int32Array;

/** Device memory. Opaque: only the device that made it looks inside. */
export interface DeviceBuffer {
  readonly elements: number;
  readonly dtype: DType;
}

/** A buffer seen with a shape (row-major, dense). */
export interface Operand {
  readonly buffer: DeviceBuffer;
  readonly shape: Shape;
}

/**
 * Operands of one kernel launch. Forward: `inputs`, `outputs`. Backward: `inputs` and `outputs` hold what the
 * op saves (null otherwise), `gradOutputs` the upstream gradients (null where none flowed), `gradInputs` the
 * gradients to write (null where not wanted). Kernels overwrite every element that they write.
 */
export interface Operands {
  inputs: (Operand | null)[];
  outputs: (Operand | null)[];
  gradOutputs: (Operand | null)[];
  gradInputs: (Operand | null)[];
}

export interface DeviceInfo {
  /** As asked for: `cpu`, `webgpu:0`, `reference`. */
  id: string;
  /** What it is, for people: "AMD EPYC 9B14", "llvmpipe (LLVM 15.0.6, 256 bits)". */
  name: string;
  vendor: string;
  driver: string;
  /** Instruction set or GPU features that the kernels use. */
  features: string[];
  /** Bytes of memory that may be used; NaN is not allowed, Infinity means unknown. */
  memoryBytes: number;
  /** True for a software GPU driver or emulator: its times are never shown as a GPU's. */
  software: boolean;
  threads?: number;
}

export interface MemoryMeter {
  /** Bytes allocated now, and the largest since the last `resetPeak`. */
  readonly live: number;
  readonly peak: number;
  resetPeak(): void;
}

export interface Device {
  readonly info: DeviceInfo;
  /** Host type of `real`: what `download` returns and the precision to expect. */
  readonly real: 'f32' | 'f64';
  readonly memory: MemoryMeter;
  /** True, or one sentence saying why this device cannot run the op. */
  supports(op: string, pass: Pass): true | string;
  /** Name of what runs for this op: `cpu/avx512`, `webgpu/wgsl`, `reference/float64`. */
  implementation(op: string): string;
  allocate(elements: number, dtype: DType): DeviceBuffer;
  release(buffer: DeviceBuffer): void;
  /** Copies `data` (converted to the device's precision) to the start of `buffer`. */
  upload(buffer: DeviceBuffer, data: ArrayLike<number>): void;
  download(buffer: DeviceBuffer): Promise<HostArray>;
  /** Copies all of `from` to `to`; same size and type. */
  copy(from: DeviceBuffer, to: DeviceBuffer): void;
  /** Sets every element to zero. */
  clear(buffer: DeviceBuffer): void;
  run<A extends Attrs>(op: Op<A>, pass: Pass, operands: Operands, attrs: A): void;
  /** Resolves when everything enqueued so far has finished. Yields to the event loop (signals get through). */
  fence(): Promise<void>;
  /** Milliseconds that the work enqueued by `work` took, by the device's own clock where it has one. */
  time(work: () => void): Promise<number>;
  close(): Promise<void>;
}

/** The device exists but cannot do this. */
export class UnsupportedError extends Error {
  override name = 'UnsupportedError';
}

/** The device is not here, or cannot be opened; the message ends with what to install or do. Exit code 3. */
export class DeviceUnavailableError extends Error {
  override name = 'DeviceUnavailableError';
}

/** An allocation would pass the limit. */
export class OutOfMemoryError extends Error {
  override name = 'OutOfMemoryError';
}
