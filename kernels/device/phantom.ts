/**
 * A device that computes nothing and counts what a real one would hold: the dry run behind memory and cost
 * estimates. Element sizes are those of the fast devices (4 bytes).
 */

import type { Attrs, Op, Pass } from '../ops/op.ts';
import type { Device, DeviceBuffer, DeviceInfo, DType, HostArray, Operands } from './device.ts';
import { ByteMeter } from './meter.ts';

interface PhantomBuffer extends DeviceBuffer {
  held: boolean;
}

export class PhantomDevice implements Device {
  readonly real = 'f32';
  readonly #meter = new ByteMeter();
  readonly memory = this.#meter;
  readonly info: DeviceInfo = {
    id: 'phantom',
    name: 'dry run',
    vendor: 'longconv',
    driver: 'none',
    features: [],
    memoryBytes: Number.POSITIVE_INFINITY,
    software: true,
  };

  supports(): true {
    return true;
  }
  implementation(): string {
    return 'phantom';
  }

  allocate(elements: number, dtype: DType): PhantomBuffer {
    this.#meter.add(4 * elements);
    return { elements, dtype, held: true };
  }
  release(buffer: DeviceBuffer): void {
    const b = buffer as PhantomBuffer;
    if (b.held) this.#meter.add(-4 * b.elements);
    b.held = false;
  }

  upload(): void {}
  copy(): void {}
  clear(): void {}
  run<A extends Attrs>(_op: Op<A>, _pass: Pass, _operands: Operands, _attrs: A): void {}

  async download(): Promise<HostArray> {
    throw new Error('a dry run has no values to read');
  }
  async fence(): Promise<void> {}
  async time(work: () => void): Promise<number> {
    work();
    return 0;
  }
  async close(): Promise<void> {}
}
