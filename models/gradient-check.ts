/** For tests: the gradients of a model's loss against central differences, on the float64 reference. */
import assert from 'node:assert/strict';
import { Stream } from '../kernels/tensor/random.ts';
import { Tape } from '../kernels/tensor/tape.ts';
import type { Tensor } from '../kernels/tensor/tensor.ts';
import type { ParameterStore } from './parameters.ts';

/**
 * Every parameter's gradient along a random direction, which all of its coordinates enter, and at one coordinate. A
 * coordinate moves in proportion to its size; the error is relative to the gradient's largest.
 */
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
    const check = async (where: string, direction: Float64Array) => {
      const step = direction.map((d, i) => 1e-5 * Math.max(0.1, Math.abs(start[i])) * d);
      const moved = (sign: number) => {
        tensor.write(start.map((x, i) => x + sign * step[i]));
        return value();
      };
      const length = Math.hypot(...step);
      const numeric = ((await moved(1)) - (await moved(-1))) / (2 * length);
      tensor.write(start);
      const ours = step.reduce((sum, s, i) => sum + gradient[i] * s, 0) / length;
      assert.ok(
        Math.abs(numeric - ours) < 2e-6 * scale,
        `${name}${where}: gradient ${ours}, difference quotient ${numeric}`,
      );
    };
    const n = start.length;
    await check(' along a direction', stream.normals(n));
    const at = stream.integer(n);
    await check(
      `[${at}]`,
      new Float64Array(n).map((_, i) => Number(i === at)),
    );
  }
}
