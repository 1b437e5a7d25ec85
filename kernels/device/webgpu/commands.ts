/**
 * The command stream: dispatches, copies and clears are encoded into one batch and submitted together, on a
 * fence, a download, a full batch or a full parameter arena. Whatever WebGPU reports about a batch (validation,
 * memory, loss of the device) is kept and thrown at the next fence, with the names of the ops concerned.
 *
 * Uniform parameters of a batch lie in one arena buffer, written once per submit: nothing is made per call.
 */
import { OutOfMemoryError } from '../device.ts';
import { patiently } from './patience.ts';
import type { Block } from './pool.ts';

const UNIFORM_STORAGE_COPY = 0x40 | 0x80 | 0x08;
const arenaBytes = 1 << 16;
/** Commands per submit: enough to hide the cost of submitting, few enough for the GPU to start early. */
const batchLength = 256;

export interface BoundBuffer {
  block: Block;
  /** Bytes. */
  offset: number;
  size: number;
}

export class CommandStream {
  /** Number of the batch that is being encoded. */
  batch = 0;
  readonly #device: GPUDevice;
  readonly #arena: GPUBuffer;
  readonly #params = new Uint8Array(arenaBytes);
  readonly #alignment: number;
  #used = 0;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #length = 0;
  #names = new Set<string>();
  #reports: Promise<void>[] = [];
  #errors: Error[] = [];
  #lost: Error | null = null;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#alignment = Math.max(
      device.limits.minUniformBufferOffsetAlignment,
      device.limits.minStorageBufferOffsetAlignment,
    );
    this.#arena = device.createBuffer({ label: 'parameters', size: arenaBytes, usage: UNIFORM_STORAGE_COPY });
    device.lost.then((info) => {
      if (info.reason !== 'destroyed')
        this.#lost = new Error(
          `the WebGPU device was lost (${info.message.split('\n')[0] || 'no reason given'}): its results since the last fence are gone; close other programs on the GPU or choose a smaller size, and run again`,
        );
    });
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.#errors.push(new Error(`WebGPU: ${firstLine(event.error.message)}`));
    });
  }

  dispatch(
    name: string,
    pipeline: GPUComputePipeline,
    layout: GPUBindGroupLayout,
    buffers: BoundBuffer[],
    params: ArrayBuffer | undefined,
    workgroups: readonly [number, number?, number?],
  ): void {
    if (params && this.#used + params.byteLength > arenaBytes) this.flush();
    const encoder = this.#open(name);
    const entries: GPUBindGroupEntry[] = buffers.map(({ block, offset, size }, binding) => {
      block.batch = this.batch;
      return { binding, resource: { buffer: block.gpu, offset, size } };
    });
    if (params) {
      const offset = this.#used;
      this.#params.set(new Uint8Array(params), offset);
      this.#used = Math.ceil((offset + params.byteLength) / this.#alignment) * this.#alignment;
      entries.push({ binding: entries.length, resource: { buffer: this.#arena, offset, size: params.byteLength } });
    }
    this.#pass ??= encoder.beginComputePass();
    this.#pass.setPipeline(pipeline);
    this.#pass.setBindGroup(0, this.#device.createBindGroup({ label: name, layout, entries }));
    this.#pass.dispatchWorkgroups(...workgroups);
    this.#count();
  }

  copy(from: Block, to: Block, bytes: number): void {
    const encoder = this.#open('copy');
    this.#endPass();
    from.batch = to.batch = this.batch;
    encoder.copyBufferToBuffer(from.gpu, 0, to.gpu, 0, bytes);
    this.#count();
  }

  clear(block: Block, bytes: number): void {
    const encoder = this.#open('clear');
    this.#endPass();
    block.batch = this.batch;
    encoder.clearBuffer(block.gpu, 0, bytes);
    this.#count();
  }

  /** Writes host data; commands of the open batch that use the memory are submitted before. */
  write(block: Block, data: Float32Array | Int32Array): void {
    if (block.batch === this.batch) this.flush();
    this.#scoped('upload', () =>
      this.#device.queue.writeBuffer(block.gpu, 0, data.buffer, data.byteOffset, data.byteLength),
    );
  }

  /** Runs `work` on the encoder of the open batch, outside of any pass. */
  encode(name: string, work: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.#open(name);
    this.#endPass();
    work(encoder);
    this.#count();
  }

  /** Makes an object (a pipeline, a staging buffer) and reports what WebGPU says about it under `name`. */
  make<T>(name: string, work: () => T): T {
    return this.#scoped(name, work);
  }

  flush(): void {
    const encoder = this.#encoder;
    if (!encoder) return;
    this.#endPass();
    const { queue } = this.#device;
    if (this.#used) queue.writeBuffer(this.#arena, 0, this.#params, 0, this.#used);
    queue.submit([encoder.finish()]);
    this.#encoder = null;
    this.#popScopes([...this.#names]);
    this.#names = new Set();
    this.#used = 0;
    this.#length = 0;
    this.batch++;
  }

  /** Resolves when everything submitted has run and its errors are known; throws the first of them. */
  async settle(): Promise<void> {
    this.flush();
    if (!this.#lost) await patiently(Promise.race([this.#device.queue.onSubmittedWorkDone(), this.#device.lost]));
    await this.check();
  }

  async check(): Promise<void> {
    const reports = this.#reports;
    this.#reports = [];
    await patiently(Promise.all(reports));
    if (this.#lost) throw this.#lost;
    const [first] = this.#errors;
    this.#errors = [];
    if (first) throw first;
  }

  destroy(): void {
    this.#arena.destroy();
  }

  #open(name: string): GPUCommandEncoder {
    if (this.#lost) throw this.#lost;
    if (!this.#encoder) {
      this.#pushScopes();
      this.#encoder = this.#device.createCommandEncoder();
    }
    this.#names.add(name);
    return this.#encoder;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  #count(): void {
    if (++this.#length >= batchLength) this.flush();
  }

  #scoped<T>(name: string, work: () => T): T {
    if (this.#lost) throw this.#lost;
    if (this.#encoder) {
      this.#names.add(name);
      return work();
    }
    this.#pushScopes();
    try {
      return work();
    } finally {
      this.#popScopes([name]);
    }
  }

  #pushScopes(): void {
    this.#device.pushErrorScope('internal');
    this.#device.pushErrorScope('out-of-memory');
    this.#device.pushErrorScope('validation');
  }

  #popScopes(names: string[]): void {
    // In the opposite order of #pushScopes.
    const pop = async (memory: boolean) => {
      const error = await this.#device.popErrorScope().catch(() => null);
      if (error) this.#errors.push(describe(error, names, memory));
    };
    this.#reports.push(pop(false), pop(true), pop(false));
  }
}

const firstLine = (text: string): string => text.trim().split('\n')[0];

/** WebGPU's messages carry the labels of the objects concerned; those are the ops' names. */
function describe(error: GPUError, names: string[], memory: boolean): Error {
  const named = names.filter((n) => error.message.includes(n));
  const who = (named.length ? named : names).slice(0, 8).join(', ');
  if (memory)
    return new OutOfMemoryError(
      `${who}: the GPU has no memory left (${firstLine(error.message)}): choose a shorter length or a smaller batch`,
    );
  return new Error(`${who}: WebGPU refused the work (${firstLine(error.message)})`);
}
