/**
 * GPU memory in size classes: a released buffer serves the next request of its class. Counts the bytes that were
 * asked for, as the CPU's pool does; what it holds beyond them (class rounding, free buffers) is `reserved`.
 */
import { type DeviceBuffer, type DType, OutOfMemoryError } from '../device.ts';
import { ByteMeter, showBytes } from '../meter.ts';

const STORAGE_COPY = 0x80 | 0x04 | 0x08;

/** A piece of GPU memory, which serves many buffers in the course of time. */
export interface Block {
  readonly gpu: GPUBuffer;
  /** Number of the batch that last used it, through whichever buffer. */
  batch: number;
}

export interface GpuBuffer extends DeviceBuffer {
  /** null once released. */
  block: Block | null;
  readonly bytes: number;
}

/** Four classes to an octave, 256 bytes at least: at most 25 % of a buffer is slack. */
function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(bytes)) - 2));
  return Math.ceil(bytes / step) * step;
}

export class BufferPool {
  readonly meter = new ByteMeter();
  reserved = 0;
  readonly #device: GPUDevice;
  readonly #name: string;
  readonly #free = new Map<number, Block[]>();

  constructor(device: GPUDevice, name: string) {
    this.#device = device;
    this.#name = name;
  }

  allocate(elements: number, dtype: DType): GpuBuffer {
    const bytes = Math.max(4, elements * 4);
    const largest = Math.floor(this.#device.limits.maxBufferSize / 16) * 16;
    if (bytes > largest)
      throw new OutOfMemoryError(
        `a tensor of ${showBytes(bytes)} is larger than the largest buffer of ${this.#name} (${showBytes(largest)}): choose a shorter length or a smaller batch`,
      );
    const size = Math.min(sizeClass(bytes), largest);
    let block = this.#free.get(size)?.pop();
    if (!block) {
      const gpu = this.#device.createBuffer({ label: `tensor of ${showBytes(size)}`, size, usage: STORAGE_COPY });
      block = { gpu, batch: -1 };
      this.reserved += size;
    }
    this.meter.add(bytes);
    return { elements, dtype, block, bytes };
  }

  release(buffer: GpuBuffer): void {
    const { block } = buffer;
    if (!block) return;
    buffer.block = null;
    this.meter.add(-buffer.bytes);
    const list = this.#free.get(block.gpu.size);
    if (list) list.push(block);
    else this.#free.set(block.gpu.size, [block]);
  }

  /** Gives free buffers back to the driver. The caller has made sure that no work in flight uses them. */
  trim(): void {
    for (const list of this.#free.values())
      for (const { gpu } of list) {
        this.reserved -= gpu.size;
        gpu.destroy();
      }
    this.#free.clear();
  }
}
