/** A loss that is no number any more, or far larger than at the start: noticed at once, and where it comes from. */
import type { Device, HostArray } from '../../kernels/device/device.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import type { AnyHostBatch, Learner } from './learner.ts';

/** The run cannot go on; the sentence names the step, the layer and what to do. */
export class DivergedError extends Error {
  override name = 'DivergedError';
}

/** Steps whose mean loss is the measure of the later ones, and how often it may be exceeded. */
const FIRST = 10;
const EXPLODED = 100;

/** Tells when a loss has exploded: more than a hundred times the mean of the first ten. */
export class Watch {
  #sum = 0;
  #seen = 0;

  /** False once the loss is out of hand. */
  holds(loss: number): boolean {
    if (!Number.isFinite(loss)) return false;
    if (this.#seen < FIRST) {
      this.#sum += Math.abs(loss);
      this.#seen++;
      return true;
    }
    return Math.abs(loss) <= EXPLODED * Math.max(this.#sum / this.#seen, 1e-3);
  }
}

const finite = (values: HostArray): boolean => {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
};

/**
 * Where the first value that is not a number appears: a parameter, or an op of the forward pass on this batch, named
 * with the last parameter that was used before it. Null when the forward pass is whole: only its end is too large.
 */
export async function findNonFinite(device: Device, model: Learner, batch: AnyHostBatch): Promise<string | null> {
  const names = new Map(model.store.parameters.map(({ name, tensor }) => [tensor.storage, name]));
  for (const { name, tensor } of model.store.parameters)
    if (!finite(await tensor.read())) return `the parameter ${name} is not finite`;
  let near = 'the input';
  let op = '';
  const found: Promise<string | null>[] = [];
  using t = new Tape(device, {
    grad: false,
    observe(id, inputs, outputs) {
      for (const input of inputs) near = (input && names.get(input.storage)) ?? near;
      op = id;
      const where = `the first value that is not finite is a result of ${op} at ${near}`;
      for (const output of outputs)
        if (output.dtype === 'real') found.push(output.read().then((values) => (finite(values) ? null : where)));
    },
  });
  model.loss(t, batch);
  for (const one of found) {
    const where = await one;
    if (where) return where;
  }
  return null;
}
