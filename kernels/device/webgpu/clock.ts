/**
 * Time by the GPU's own clock (`timestamp-query`): a stamp at the end of a marker pass before the work and one
 * after it. WebGPU counts in nanoseconds, but not every implementation converts the GPU's ticks; so the clock is
 * compared with the host's over a pause when the device is opened, which also discards the first stamps (they can
 * be garbage). A clock that is missing or disagrees is not used: then the wall clock around the work is.
 */
import { setTimeout } from 'node:timers/promises';
import type { CommandStream } from './commands.ts';

const QUERY_RESOLVE = 0x200;
const COPY_SRC = 0x04;
const MAP_READ = 0x01;
const COPY_DST = 0x08;
const pauseMs = 20;

export class GpuClock {
  readonly #device: GPUDevice;
  readonly #commands: CommandStream;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #marker: GPUComputePipeline;

  private constructor(device: GPUDevice, commands: CommandStream) {
    this.#device = device;
    this.#commands = commands;
    this.#queries = device.createQuerySet({ type: 'timestamp', count: 2 });
    this.#resolved = device.createBuffer({ label: 'timestamps', size: 16, usage: QUERY_RESOLVE | COPY_SRC });
    // An empty pass may be dropped; one that runs an empty shader is not.
    const module = device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() {}' });
    this.#marker = device.createComputePipeline({ label: 'marker', layout: 'auto', compute: { module } });
  }

  /** The clock, or null when the device has none that agrees with the host's. */
  static async open(device: GPUDevice, commands: CommandStream): Promise<GpuClock | null> {
    if (!device.features.has('timestamp-query')) return null;
    const clock = new GpuClock(device, commands);
    await clock.time(() => {});
    clock.#stamp(0);
    await commands.settle();
    const t0 = performance.now();
    await setTimeout(pauseMs);
    const pause = performance.now() - t0;
    clock.#stamp(1);
    await commands.settle();
    const ratio = (await clock.#read()) / pause;
    if (ratio > 0.8 && ratio < 1.6) return clock;
    clock.destroy();
    return null;
  }

  /** Milliseconds. */
  async time(work: () => void): Promise<number> {
    this.#stamp(0);
    work();
    this.#stamp(1);
    return this.#read();
  }

  destroy(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
  }

  #stamp(index: number): void {
    this.#commands.encode('timestamp', (encoder) => {
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet: this.#queries, endOfPassWriteIndex: index },
      });
      pass.setPipeline(this.#marker);
      pass.dispatchWorkgroups(1);
      pass.end();
    });
  }

  async #read(): Promise<number> {
    const staging = this.#device.createBuffer({ label: 'timestamps', size: 16, usage: MAP_READ | COPY_DST });
    try {
      this.#commands.encode('timestamp', (encoder) => {
        encoder.resolveQuerySet(this.#queries, 0, 2, this.#resolved, 0);
        encoder.copyBufferToBuffer(this.#resolved, 0, staging, 0, 16);
      });
      await this.#commands.settle();
      await staging.mapAsync(MAP_READ);
      const [start, end] = new BigUint64Array(staging.getMappedRange());
      const elapsed = Number(end - start) / 1e6;
      staging.unmap();
      return elapsed;
    } finally {
      staging.destroy();
    }
  }
}
