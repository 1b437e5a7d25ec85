/**
 * A device that computes nothing and counts what a real one would hold: the dry run behind memory and cost
 * estimates. Element sizes are those of the fast devices (4 bytes); the working memory of the CPU's kernels is what
 * their ops declare.
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
  /** Largest working memory of each op so far: kernels keep theirs for the next call. */
  readonly #workspaces = new Map<string, number>();
  /** The kernels that were called: `<op> forward`, `<op> backward`. */
  readonly called = new Set<string>();
  readonly info: DeviceInfo = {
    id: 'phantom',
    name: 'dry run',
    vendor: 'longconv',
    driver: 'none',
    features: [],
    memoryBytes: Number.POSITIVE_INFINITY,
    software: true,
  };

  /** As if so many CPU threads worked (each has working memory of its own). */
  constructor(readonly threads = 1) {}

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
  run<A extends Attrs>(op: Op<A>, pass: Pass, { inputs, gradInputs }: Operands, attrs: A): void {
    this.called.add(`${op.id} ${pass}`);
    if (!op.workspace) return;
    // Backward passes do not see all inputs: shapes come from what is there.
    const shapes = op.inputs.map((_, i) => inputs[i]?.shape ?? gradInputs[i]?.shape ?? null);
    const bytes = op.workspace(shapes, attrs, pass, this.threads);
    const before = this.#workspaces.get(op.id) ?? 0;
    if (bytes <= before) return;
    this.#workspaces.set(op.id, bytes);
    this.#meter.add(bytes - before);
  }

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
