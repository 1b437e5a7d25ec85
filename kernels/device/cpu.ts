/**
 * The CPU device: the native addon's kernels, dispatched by instruction set when the device is opened.
 * LONGCONV_ISA = avx512 | avx2 | base overrides the choice, LONGCONV_THREADS the number of threads,
 * LONGCONV_POISON=1 fills fresh memory with NaN (a kernel that does not write all its output is then seen).
 */
import { cpus, totalmem } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import type { Addon } from '../native/addon.ts';
import { loadAddon } from '../native/addon.ts';
import type { Attrs, Op, Pass } from '../ops/op.ts';
import {
  type Device,
  type DeviceBuffer,
  type DeviceInfo,
  DeviceUnavailableError,
  type DType,
  type HostArray,
  type MemoryMeter,
  type Operand,
  type Operands,
  OutOfMemoryError,
  UnsupportedError,
} from './device.ts';

interface NativeBuffer extends DeviceBuffer {
  pointer: number;
}

class CpuDevice implements Device {
  readonly real = 'f32';
  readonly info: DeviceInfo;
  readonly memory: MemoryMeter;
  readonly #addon: Addon;
  readonly #isa: string;
  readonly #kernels = new Map<string, number>();
  readonly #poison = process.env.LONGCONV_POISON === '1';
  #call = new Float64Array(256);

  constructor(addon: Addon, isa: string) {
    this.#addon = addon;
    this.#isa = isa;
    for (const k of addon.kernels()) if (k.isa === isa) this.#kernels.set(`${k.op} ${k.pass}`, k.index);
    this.memory = {
      get live() {
        return addon.stats().live;
      },
      get peak() {
        return addon.stats().peak;
      },
      resetPeak: () => addon.resetPeak(),
    };
    const model = cpus()[0]?.model.trim() ?? 'unknown processor';
    this.info = {
      id: 'cpu',
      name: model,
      vendor: model.split(' ')[0],
      driver: 'longconv native',
      features: [isa],
      memoryBytes: totalmem(),
      software: false,
      threads: addon.threads(),
    };
  }

  supports(op: string, pass: Pass): true | string {
    return this.#kernels.has(`${op} ${pass}`) ? true : `op ${op} has no ${pass} kernel for the CPU (${this.#isa})`;
  }

  implementation(): string {
    return `cpu/${this.#isa}`;
  }

  allocate(elements: number, dtype: DType): NativeBuffer {
    const bytes = Math.max(4, elements * 4);
    const pointer = this.#addon.alloc(bytes);
    if (!pointer)
      throw new OutOfMemoryError(
        `the CPU has no ${(bytes / 2 ** 20).toFixed(0)} MiB left (${(this.memory.live / 2 ** 20).toFixed(0)} MiB in use): choose a shorter length or a smaller batch`,
      );
    if (this.#poison && dtype === 'real') this.#addon.fill(pointer, bytes, 0xff);
    return { elements, dtype, pointer };
  }

  release(buffer: DeviceBuffer): void {
    const b = buffer as NativeBuffer;
    if (b.pointer) this.#addon.free(b.pointer);
    b.pointer = 0;
  }

  upload(buffer: DeviceBuffer, data: ArrayLike<number>): void {
    if (data.length > buffer.elements)
      throw new RangeError(`upload of ${data.length} elements into a buffer of ${buffer.elements}`);
    const exact = buffer.dtype === 'real' ? data instanceof Float32Array : data instanceof Int32Array;
    const bytes = exact
      ? (data as Float32Array | Int32Array)
      : buffer.dtype === 'real'
        ? Float32Array.from(data)
        : Int32Array.from(data);
    if (bytes.length) this.#addon.write(address(buffer), 0, bytes);
  }

  async download(buffer: DeviceBuffer): Promise<HostArray> {
    const data = buffer.dtype === 'real' ? new Float32Array(buffer.elements) : new Int32Array(buffer.elements);
    if (data.length) this.#addon.read(address(buffer), 0, data);
    return data;
  }

  copy(from: DeviceBuffer, to: DeviceBuffer): void {
    this.#addon.copy(address(from), address(to), from.elements * 4);
  }

  clear(buffer: DeviceBuffer): void {
    this.#addon.fill(address(buffer), buffer.elements * 4, 0);
  }

  run<A extends Attrs>(op: Op<A>, pass: Pass, operands: Operands, attrs: A): void {
    const kernel = this.#kernels.get(`${op.id} ${pass}`);
    if (kernel === undefined) throw new UnsupportedError(this.supports(op.id, pass) as string);
    const groups = [operands.inputs, operands.outputs, operands.gradOutputs, operands.gradInputs];
    const packed = op.pack(attrs);
    const need = 5 + groups.reduce((n, g) => n + g.length, 0) * 10 + packed.length;
    if (this.#call.length < need) this.#call = new Float64Array(need * 2);
    const call = this.#call;
    let at = 0;
    for (const g of groups) call[at++] = g.length;
    call[at++] = packed.length;
    for (const g of groups) for (const o of g) at = this.#operand(call, at, o);
    for (const x of packed) call[at++] = x;
    this.#addon.run(kernel, call);
  }

  #operand(call: Float64Array, start: number, o: Operand | null): number {
    let at = start;
    if (!o) {
      call[at++] = 0;
      call[at++] = 0;
      return at;
    }
    if (o.shape.length > 8) throw new RangeError('a tensor has more than 8 dimensions');
    call[at++] = address(o.buffer);
    call[at++] = o.shape.length;
    for (const d of o.shape) call[at++] = d;
    return at;
  }

  fence(): Promise<void> {
    return setImmediate();
  }

  async time(work: () => void): Promise<number> {
    const t0 = performance.now();
    work();
    return performance.now() - t0;
  }

  async close(): Promise<void> {
    this.#addon.trim();
  }
}

function address(buffer: DeviceBuffer): number {
  const { pointer } = buffer as NativeBuffer;
  if (!pointer) throw new Error('a released buffer was used (CPU device)');
  return pointer;
}

/** More than any machine has cores; the pool would fail to start them rather than be slow. */
export const MOST_THREADS = 1024;

export async function open(): Promise<Device> {
  const addon = loadAddon();
  const isas = addon.isas();
  const wanted = process.env.LONGCONV_ISA || undefined;
  if (wanted && !isas.includes(wanted))
    throw new DeviceUnavailableError(
      `LONGCONV_ISA=${wanted} cannot run on this processor: unset it or choose one of ${isas.join(', ')}`,
    );
  const threads = process.env.LONGCONV_THREADS;
  if (threads && !(/^\d+$/.test(threads) && Number(threads) >= 1 && Number(threads) <= MOST_THREADS))
    throw new DeviceUnavailableError(
      `LONGCONV_THREADS=${threads} is no number of threads: unset it or give a whole number from 1 to ${MOST_THREADS}`,
    );
  return new CpuDevice(addon, wanted ?? isas[0]);
}
