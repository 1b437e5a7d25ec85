/** A golden case as a graph: its tensors as operands by name, and every gradient that it asks for. */

import type { Device } from '../../kernels/device/device.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { type GoldenCase, UnsupportedCase } from './golden.ts';
import { translated } from './transforms.ts';

export class CaseGraph implements Disposable {
  readonly t: Tape;
  readonly #operands = new Map<string, Tensor>();
  readonly #slopes = new Map<string, Float64Array>();

  constructor(
    readonly c: GoldenCase,
    device: Device,
  ) {
    this.t = new Tape(device);
  }

  /** The case's tensor of this name on the device; real ones take a gradient. The same tensor at every call. */
  operand(name: string): Tensor {
    let x = this.#operands.get(name);
    if (!x) {
      const tensor = this.c.get(name);
      const { data, shape, dtype } = tensor;
      const other = translated(this.c, tensor);
      if (other) this.#slopes.set(name, other.slopes);
      x = this.t.tensor(other?.values ?? data, shape, dtype === 'i32' ? 'i32' : 'real', dtype !== 'i32');
      this.#operands.set(name, x);
    }
    return x;
  }

  /** As `operand`, or null when the case has no such tensor. */
  optional(name: string): Tensor | null {
    return this.c.has(name) ? this.operand(name) : null;
  }

  /**
   * Backpropagates the case's cotangent `g` from `y`; the gradients under their names in the case (none when the case
   * asks for none). An operand that `y` does not depend on has gradient zero.
   */
  async gradients(y: Tensor): Promise<Map<string, ArrayLike<number>>> {
    const wanted = this.c.tensors.filter((t) => t.role === 'grad');
    if (!wanted.length) return new Map();
    const names = wanted.map((t) => t.of ?? t.name.replace(/^grad_/, ''));
    const of = names.map((name) => this.operand(name));
    const grads = this.t.backward(y, this.t.tensor(this.c.get('g').data, y.shape), of);
    const read = await Promise.all(grads.map((g, i) => g?.read() ?? new Float64Array(of[i].size)));
    return new Map(
      wanted.map((t, i) => {
        const slopes = this.#slopes.get(names[i]);
        return [t.name, slopes ? read[i].map((d, j) => d * slopes[j]) : read[i]];
      }),
    );
  }

  [Symbol.dispose](): void {
    for (const x of this.#operands.values()) {
      x.grad?.dispose();
      x.grad = null;
    }
    this.t.close();
  }
}

/** What a configuration key may be: any of the listed values, or anything that the test accepts. */
type Allowed = readonly unknown[] | ((value: unknown) => boolean);
export const anything = (): boolean => true;
/** Absent, null, false, 0 or an empty text: the option is off. */
export const off = (value: unknown): boolean => !value;

/** Throws `UnsupportedCase` for a key that is not listed or a value that is not allowed; absent keys are fine. */
export function requireConfig(c: GoldenCase, allowed: Record<string, Allowed>): void {
  for (const [key, value] of Object.entries(c.config)) {
    const rule = allowed[key];
    if (!rule) throw new UnsupportedCase(`family ${c.family} has no option "${key}"`);
    const ok = typeof rule === 'function' ? rule(value) : rule.includes(value);
    if (!ok) throw new UnsupportedCase(`family ${c.family} does not support ${key} = ${JSON.stringify(value)}`);
  }
}
