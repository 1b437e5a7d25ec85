/** Tensors: a shape over a counted piece of device memory. */
import type { Device, DeviceBuffer, DType, HostArray, Operand } from '../device/device.ts';
import { type Shape, showShape, sizeOf } from '../ops/op.ts';

/**
 * Device memory with a count of who needs it (scopes, saved activations, gradients, views). It goes back to
 * the device's pool when the count reaches zero; nothing waits for the garbage collector.
 */
export class Storage {
  #refs = 1;

  constructor(
    readonly device: Device,
    readonly buffer: DeviceBuffer,
  ) {}

  get refs(): number {
    return this.#refs;
  }

  retain(): this {
    if (this.#refs <= 0) throw new Error('a tensor was used after its memory was released');
    this.#refs++;
    return this;
  }

  release(): void {
    if (this.#refs <= 0) throw new Error('a tensor was released twice');
    if (--this.#refs === 0) this.device.release(this.buffer);
  }
}

export class Tensor implements Operand {
  /** Set on parameters: the gradient that `Tape.backward` accumulates into. */
  grad: Tensor | null = null;

  constructor(
    readonly storage: Storage,
    readonly shape: Shape,
    /** Whether a gradient flows to (or through) this tensor. */
    readonly requiresGrad = false,
  ) {
    if (sizeOf(shape) > storage.buffer.elements)
      throw new RangeError(`shape ${showShape(shape)} is larger than its buffer`);
  }

  get device(): Device {
    return this.storage.device;
  }
  get buffer(): DeviceBuffer {
    return this.storage.buffer;
  }
  get dtype(): DType {
    return this.storage.buffer.dtype;
  }
  get size(): number {
    return sizeOf(this.shape);
  }

  /** A tensor outside any tape, owned by the caller (release it with `dispose`). */
  static create(device: Device, shape: Shape, dtype: DType = 'real', requiresGrad = false): Tensor {
    return new Tensor(new Storage(device, device.allocate(sizeOf(shape), dtype)), shape, requiresGrad);
  }

  static from(
    device: Device,
    data: ArrayLike<number>,
    shape: Shape,
    dtype: DType = 'real',
    requiresGrad = false,
  ): Tensor {
    if (data.length !== sizeOf(shape))
      throw new RangeError(`${data.length} values do not fill shape ${showShape(shape)}`);
    const t = Tensor.create(device, shape, dtype, requiresGrad);
    device.upload(t.buffer, data);
    return t;
  }

  /** Copies to the host; waits for the work that produces it. */
  async read(): Promise<HostArray> {
    const data = await this.device.download(this.buffer);
    return data.length === this.size ? data : data.subarray(0, this.size);
  }

  /** The only element of a one-element tensor. */
  async item(): Promise<number> {
    if (this.size !== 1) throw new RangeError(`item() of shape ${showShape(this.shape)}`);
    return (await this.read())[0];
  }

  write(data: ArrayLike<number>): void {
    if (data.length !== this.size)
      throw new RangeError(`${data.length} values do not fill shape ${showShape(this.shape)}`);
    this.device.upload(this.buffer, data);
  }

  dispose(): void {
    this.grad?.dispose();
    this.grad = null;
    this.storage.release();
  }
}
