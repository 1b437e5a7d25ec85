/** For tests: the gradients of a model's loss against central differences, on the float64 reference. */
import assert from 'node:assert/strict';
import { Stream } from '../kernels/tensor/random.ts';
import { Tape } from '../kernels/tensor/tape.ts';
import type { Tensor } from '../kernels/tensor/tensor.ts';
import type { ParameterStore } from './parameters.ts';

/** Compares a few coordinates of every parameter's gradient; the error is relative to the gradient's largest. */
export async function checkGradients(store: ParameterStore, lossOf: (t: Tape) => Tensor): Promise<void> {
  const value = async () => {
    const t = new Tape(store.device);
    const loss = await lossOf(t).item();
    t.close();
    return loss;
  };
  const tape = new Tape(store.device);
  tape.backward(lossOf(tape));
  tape.close();
  const stream = new Stream(3, 'coordinates');
  for (const { name, tensor } of store.parameters) {
    assert.ok(tensor.grad, `${name} has no gradient`);
    const gradient = await tensor.grad.read();
    const scale = Math.max(1e-4, ...gradient.map(Math.abs));
    const start = await tensor.read();
    for (let i = 0; i < 4; i++) {
      const at = stream.integer(start.length);
      const h = 1e-5 * Math.max(0.1, Math.abs(start[at]));
      const moved = async (by: number) => {
        const x = start.slice();
        x[at] += by;
        tensor.write(x);
        return value();
      };
      const numeric = ((await moved(h)) - (await moved(-h))) / (2 * h);
      tensor.write(start);
      assert.ok(
        Math.abs(numeric - gradient[at]) < 2e-6 * scale,
        `${name}[${at}]: gradient ${gradient[at]}, difference quotient ${numeric}`,
      );
    }
  }
}
