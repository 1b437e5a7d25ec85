/**
 * The WebGPU device: Dawn in Bun and Node, wgpu in Deno. `webgpu:0` is the first adapter.
 *
 * Work is encoded into batches and runs when a batch is full, on `fence`, `download` and `time`. WebGPU reports
 * errors late: a bad kernel or a lack of memory is thrown by the next `fence` or `download`, with the op's name.
 * LONGCONV_SOFTWARE_VULKAN=1 asks for a software driver, LONGCONV_POISON=1 fills fresh memory with NaN.
 */
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
} from './device.ts';
import { showBytes } from './meter.ts';
import { findAdapter } from './webgpu/adapter.ts';
import { GpuClock } from './webgpu/clock.ts';
import { type BoundBuffer, CommandStream } from './webgpu/commands.ts';
import { KernelTable } from './webgpu/kernels.ts';
import { PipelineCache } from './webgpu/pipelines.ts';
import type { Binding, Limits, PlanShapes } from './webgpu/plan.ts';
import { type Block, BufferPool, type GpuBuffer } from './webgpu/pool.ts';

const MAP_READ = 0x01;
const COPY_DST = 0x08;

class WebGpuDevice implements Device {
  readonly real = 'f32';
  readonly info: DeviceInfo;
  readonly memory: MemoryMeter;
  readonly #gpu: GPUDevice;
  readonly #pool: BufferPool;
  readonly #commands: CommandStream;
  readonly #kernels: KernelTable;
  readonly #clock: GpuClock | null;
  readonly #limits: Limits;
  readonly #tables = new Map<string, GpuBuffer>();
  readonly #poison = process.env.LONGCONV_POISON === '1';

  constructor(
    info: DeviceInfo,
    gpu: GPUDevice,
    pool: BufferPool,
    commands: CommandStream,
    kernels: KernelTable,
    clock: GpuClock | null,
    limits: Limits,
  ) {
    this.info = info;
    this.#gpu = gpu;
    this.#pool = pool;
    this.memory = pool.meter;
    this.#commands = commands;
    this.#kernels = kernels;
    this.#clock = clock;
    this.#limits = limits;
  }

  supports(op: string, pass: Pass): true | string {
    return this.#kernels.supports(op, pass);
  }

  implementation(): string {
    return 'webgpu/wgsl';
  }

  allocate(elements: number, dtype: DType): GpuBuffer {
    const buffer = this.#commands.make('allocate', () => this.#pool.allocate(elements, dtype));
    if (this.#poison && dtype === 'real')
      this.#commands.write(usable(buffer), new Float32Array(elements).fill(Number.NaN));
    return buffer;
  }

  release(buffer: DeviceBuffer): void {
    this.#pool.release(buffer as GpuBuffer);
  }

  upload(buffer: DeviceBuffer, data: ArrayLike<number>): void {
    if (data.length > buffer.elements)
      throw new RangeError(`upload of ${data.length} elements into a buffer of ${buffer.elements}`);
    const block = usable(buffer);
    if (!data.length) return;
    if (buffer.dtype === 'real')
      this.#commands.write(block, data instanceof Float32Array ? data : Float32Array.from(data));
    else this.#commands.write(block, data instanceof Int32Array ? data : Int32Array.from(data));
  }

  async download(buffer: DeviceBuffer): Promise<HostArray> {
    const block = usable(buffer);
    const size = buffer.elements * 4;
    const staging = this.#commands.make('download', () =>
      this.#gpu.createBuffer({ label: 'download', size: Math.max(4, size), usage: MAP_READ | COPY_DST }),
    );
    try {
      if (size)
        this.#commands.encode('download', (encoder) => encoder.copyBufferToBuffer(block.gpu, 0, staging, 0, size));
      await this.#commands.settle();
      await staging.mapAsync(MAP_READ);
      const bytes = staging.getMappedRange().slice(0, size);
      staging.unmap();
      return buffer.dtype === 'real' ? new Float32Array(bytes) : new Int32Array(bytes);
    } finally {
      staging.destroy();
    }
  }

  copy(from: DeviceBuffer, to: DeviceBuffer): void {
    if (from.elements) this.#commands.copy(usable(from), usable(to), from.elements * 4);
  }

  clear(buffer: DeviceBuffer): void {
    if (buffer.elements) this.#commands.clear(usable(buffer), buffer.elements * 4);
  }

  run<A extends Attrs>(op: Op<A>, pass: Pass, operands: Operands, attrs: A): void {
    const name = `${op.id} ${pass}`;
    const plan = this.#kernels.plan(op.id, pass, shapesOf(operands), attrs);
    const scratch = plan.scratch.map((elements) => this.allocate(elements, 'real'));
    try {
      for (const { dispatch, prepared } of plan.steps) {
        const buffers = dispatch.bindings.map((b) => this.#bind(name, b, operands, scratch));
        const { pipeline, layout } = prepared;
        this.#commands.dispatch(name, pipeline, layout, buffers, dispatch.params, dispatch.workgroups);
      }
    } finally {
      // Later work on the same memory runs after this work: the queue keeps the order.
      for (const b of scratch) this.release(b);
    }
  }

  #bind(name: string, binding: Binding, operands: Operands, scratch: GpuBuffer[]): BoundBuffer {
    const { source, slice } = binding;
    let buffer: GpuBuffer;
    if (source.from === 'table') buffer = this.#table(source.key, source.make);
    else if (source.from === 'scratch') buffer = scratch[source.index];
    else {
      const operand = operands[source.from][source.index];
      if (!operand) throw new Error(`${name}: the kernel binds ${source.from}[${source.index}], which is not given`);
      buffer = operand.buffer as GpuBuffer;
    }
    const [first, count] = slice ?? [0, buffer.elements];
    const size = Math.max(16, Math.ceil(count / 4) * 16);
    if (size > this.#limits.bindingBytes)
      throw new OutOfMemoryError(
        `${name}: an operand of ${showBytes(size)} is larger than what ${this.info.name} lets a kernel see at once (${showBytes(this.#limits.bindingBytes)}): choose a shorter length or a smaller batch`,
      );
    return { block: usable(buffer), offset: first * 4, size };
  }

  /** Constants stay on the device until it is closed; they are not part of a computation's memory. */
  #table(key: string, make: () => Float32Array): GpuBuffer {
    let buffer = this.#tables.get(key);
    if (!buffer) {
      const data = make();
      buffer = this.#pool.allocate(data.length, 'real');
      this.#pool.meter.add(-buffer.bytes);
      this.#commands.write(usable(buffer), data);
      this.#tables.set(key, buffer);
    }
    return buffer;
  }

  fence(): Promise<void> {
    return this.#commands.settle();
  }

  async time(work: () => void): Promise<number> {
    if (this.#clock) return this.#clock.time(work);
    await this.fence();
    const t0 = performance.now();
    work();
    await this.fence();
    return performance.now() - t0;
  }

  async close(): Promise<void> {
    await this.#commands.settle().catch(() => {});
    this.#clock?.destroy();
    this.#pool.trim();
    this.#commands.destroy();
    this.#gpu.destroy();
  }
}

function usable(buffer: DeviceBuffer): Block {
  const { block } = buffer as GpuBuffer;
  if (!block) throw new Error('a released buffer was used (WebGPU device)');
  return block;
}

function shapesOf(operands: Operands): PlanShapes {
  const shapes = (list: (Operand | null)[]) => list.map((o) => (o ? o.shape : null));
  return {
    inputs: shapes(operands.inputs),
    outputs: shapes(operands.outputs),
    gradOutputs: shapes(operands.gradOutputs),
    gradInputs: shapes(operands.gradInputs),
  };
}

/** As much as the adapter has, of what compute kernels use. */
const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupsPerDimension',
  'minStorageBufferOffsetAlignment',
  'minUniformBufferOffsetAlignment',
] as const;

/**
 * Opens adapter number `index`. `tighter` lowers limits, for tests of how kernels keep to them: the device is then
 * opened with WebGPU's default limits, which every implementation grants.
 */
export async function open(index = 0, tighter?: Partial<Limits>): Promise<Device> {
  const { adapter, api, software } = await findAdapter(index);
  const features = (['timestamp-query'] as const).filter((f) => adapter.features.has(f));
  let gpu: GPUDevice;
  try {
    gpu = await adapter.requestDevice({
      label: 'longconv',
      requiredFeatures: features,
      requiredLimits: tighter ? {} : Object.fromEntries(wantedLimits.map((l) => [l, adapter.limits[l]])),
    });
  } catch (e) {
    throw new DeviceUnavailableError(
      `${adapter.info.description || 'the GPU'} cannot be opened (${(e as Error).message.split('\n')[0]}): close other programs that use it, or update its driver`,
    );
  }
  const { info } = adapter;
  const name = info.description || info.device || info.architecture || 'unknown GPU';
  const limits: Limits = {
    workgroupBytes: gpu.limits.maxComputeWorkgroupStorageSize,
    invocations: Math.min(gpu.limits.maxComputeInvocationsPerWorkgroup, gpu.limits.maxComputeWorkgroupSizeX),
    bindingBytes: Math.floor(gpu.limits.maxStorageBufferBindingSize / 16) * 16,
    bufferBytes: gpu.limits.maxBufferSize,
    workgroupsPerDimension: gpu.limits.maxComputeWorkgroupsPerDimension,
    registers: software ? 4 : 16,
    sliceAlignment: gpu.limits.minStorageBufferOffsetAlignment / 4,
    ...tighter,
  };
  const commands = new CommandStream(gpu);
  const kernels = await KernelTable.load(new PipelineCache(gpu, commands, software), limits);
  const clock = await GpuClock.open(gpu, commands);
  return new WebGpuDevice(
    {
      id: `webgpu:${index}`,
      name,
      vendor: info.vendor || 'unknown',
      driver: `${info.architecture || 'unknown'} (${api})`,
      features: [
        ...features,
        `clock: ${clock ? 'timestamp-query' : 'wall, around submit and completion'}`,
        `${limits.workgroupBytes / 1024} KiB workgroup memory`,
        `${limits.invocations} threads a workgroup`,
      ],
      memoryBytes: Number.POSITIVE_INFINITY,
      software,
    },
    gpu,
    new BufferPool(gpu, name),
    commands,
    kernels,
    clock,
    limits,
  );
}
