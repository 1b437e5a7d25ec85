/** The reference device: every op's `reference.ts` in float64, a device like the others. */
import { setImmediate } from 'node:timers/promises';
import { type Attrs, type Op, type Pass, type ReferenceKernels, sizeOf } from '../ops/op.ts';
import { loadReference, opIds } from '../ops/registry.ts';
import {
  type Device,
  type DeviceBuffer,
  type DeviceInfo,
  type DType,
  type HostArray,
  type MemoryMeter,
  type Operand,
  type Operands,
  UnsupportedError,
} from './device.ts';
import { ByteMeter } from './meter.ts';

interface HostBuffer extends DeviceBuffer {
  data: Float64Array | Int32Array | null;
}

class ReferenceDevice implements Device {
  readonly real = 'f64';
  readonly #meter = new ByteMeter();
  readonly memory: MemoryMeter = this.#meter;
  readonly info: DeviceInfo = {
    id: 'reference',
    name: 'float64 reference',
    vendor: 'longconv',
    driver: 'JavaScript',
    features: ['float64'],
    memoryBytes: Number.POSITIVE_INFINITY,
    software: false,
    threads: 1,
  };
  readonly #kernels: Map<string, ReferenceKernels>;

  constructor(kernels: Map<string, ReferenceKernels>) {
    this.#kernels = kernels;
  }

  supports(op: string, pass: Pass): true | string {
    const k = this.#kernels.get(op);
    if (!k) return `op ${op} has no reference`;
    return pass === 'forward' || k.backward ? true : `op ${op} has no backward reference`;
  }

  implementation(): string {
    return 'reference/float64';
  }

  allocate(elements: number, dtype: DType): HostBuffer {
    const data = dtype === 'real' ? new Float64Array(elements) : new Int32Array(elements);
    this.#meter.add(data.byteLength);
    return { elements, dtype, data };
  }

  release(buffer: DeviceBuffer): void {
    const b = buffer as HostBuffer;
    if (b.data) this.#meter.add(-b.data.byteLength);
    b.data = null;
  }

  upload(buffer: DeviceBuffer, data: ArrayLike<number>): void {
    array(buffer).set(data);
  }

  async download(buffer: DeviceBuffer): Promise<HostArray> {
    return array(buffer).slice();
  }

  copy(from: DeviceBuffer, to: DeviceBuffer): void {
    array(to).set(array(from));
  }

  clear(buffer: DeviceBuffer): void {
    array(buffer).fill(0);
  }

  run<A extends Attrs>(op: Op<A>, pass: Pass, operands: Operands, attrs: A): void {
    const kernel = this.#kernels.get(op.id)?.[pass];
    if (!kernel) throw new UnsupportedError(`the reference device has no ${pass} of op ${op.id}`);
    const view = (o: Operand | null) =>
      o && { data: array(o.buffer).subarray(0, sizeOf(o.shape)) as Float64Array, shape: o.shape };
    const written = pass === 'forward' ? operands.outputs : operands.gradInputs;
    for (const o of written) if (o) array(o.buffer).fill(0);
    kernel({
      inputs: operands.inputs.map(view),
      outputs: operands.outputs.map(view),
      gradOutputs: operands.gradOutputs.map(view),
      gradInputs: operands.gradInputs.map(view),
      attrs,
    });
  }

  fence(): Promise<void> {
    return setImmediate();
  }

  async time(work: () => void): Promise<number> {
    const t0 = performance.now();
    work();
    return performance.now() - t0;
  }

  async close(): Promise<void> {}
}

function array(buffer: DeviceBuffer): Float64Array | Int32Array {
  const { data } = buffer as HostBuffer;
  if (!data) throw new Error('a released buffer was used (reference device)');
  return data;
}

export async function open(): Promise<Device> {
  const kernels = new Map<string, ReferenceKernels>();
  for (const id of opIds()) {
    const k = await loadReference(id);
    if (k) kernels.set(id, k);
  }
  return new ReferenceDevice(kernels);
}
