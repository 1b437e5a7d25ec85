/** A model's parameters and buffers: named, ordered, on one device. */
import type { Device, HostArray } from '../kernels/device/device.ts';
import { type Shape, sizeOf } from '../kernels/ops/op.ts';
import { Tensor } from '../kernels/tensor/tensor.ts';

/** What the optimiser should do differently for a parameter; absent means the run's own values. */
export interface ParameterHints {
  lr?: number;
  weightDecay?: number;
  /** A table that rows are looked up in, not a map. */
  embedding?: true;
}

export interface Parameter {
  name: string;
  tensor: Tensor;
  hints: ParameterHints;
}

/** Initial values, or how to make them (not called in a dry run). */
export type Init = ArrayLike<number> | (() => ArrayLike<number>);

/**
 * Parameters (trained) and buffers (kept in checkpoints, not trained: SGConv's kernel norm, running
 * statistics). Names are paths such as `mixers.0.layer.kernel.inv_dt`; `at(prefix)` gives a view below one.
 */
export class ParameterStore {
  readonly #parameters = new Map<string, Parameter>();
  readonly #buffers = new Map<string, Tensor>();

  constructor(
    readonly device: Device,
    /** False: memory is reserved and no initial value is computed (dry runs). */
    readonly initialise = true,
  ) {}

  add(name: string, data: Init, shape: Shape, hints: ParameterHints = {}): Tensor {
    const tensor = this.#make(name, data, shape, true);
    this.#parameters.set(name, { name, tensor, hints: { ...hints } });
    return tensor;
  }

  addBuffer(name: string, data: Init, shape: Shape): Tensor {
    const tensor = this.#make(name, data, shape, false);
    this.#buffers.set(name, tensor);
    return tensor;
  }

  #make(name: string, data: Init, shape: Shape, requiresGrad: boolean): Tensor {
    if (this.has(name)) throw new Error(`the parameter or buffer ${name} exists already`);
    if (!this.initialise) return Tensor.create(this.device, shape, 'real', requiresGrad);
    return Tensor.from(this.device, typeof data === 'function' ? data() : data, shape, 'real', requiresGrad);
  }

  /** A view of this store whose names start with `prefix.`. */
  at(prefix: string): StoreView {
    return new StoreView(this, `${prefix}.`);
  }

  get parameters(): Parameter[] {
    return [...this.#parameters.values()];
  }
  get buffers(): [string, Tensor][] {
    return [...this.#buffers];
  }
  /** Number of trained real numbers. */
  get count(): number {
    return this.parameters.reduce((n, p) => n + sizeOf(p.tensor.shape), 0);
  }

  /** Parameter or buffer by full name; throws when there is none. */
  get(name: string): Tensor {
    const t = this.#parameters.get(name)?.tensor ?? this.#buffers.get(name);
    if (!t) throw new Error(`there is no parameter or buffer named ${name}`);
    return t;
  }
  has(name: string): boolean {
    return this.#parameters.has(name) || this.#buffers.has(name);
  }

  async read(): Promise<Map<string, HostArray>> {
    const all = new Map<string, HostArray>();
    for (const p of this.parameters) all.set(p.name, await p.tensor.read());
    for (const [name, t] of this.#buffers) all.set(name, await t.read());
    return all;
  }

  zeroGrad(): void {
    for (const p of this.parameters) {
      p.tensor.grad?.dispose();
      p.tensor.grad = null;
    }
  }

  dispose(): void {
    for (const p of this.parameters) p.tensor.dispose();
    for (const [, t] of this.#buffers) t.dispose();
    this.#parameters.clear();
    this.#buffers.clear();
  }
}

/** A store seen from below a prefix: what a module is handed to register its parameters in. */
export class StoreView {
  constructor(
    readonly store: ParameterStore,
    readonly prefix: string,
  ) {}

  add(name: string, data: Init, shape: Shape, hints: ParameterHints = {}): Tensor {
    return this.store.add(this.prefix + name, data, shape, hints);
  }
  addBuffer(name: string, data: Init, shape: Shape): Tensor {
    return this.store.addBuffer(this.prefix + name, data, shape);
  }
  at(prefix: string): StoreView {
    return new StoreView(this.store, `${this.prefix}${prefix}.`);
  }
}
