/** Matrix products of host arrays in float32 on the processor, for baselines that are computed in closed form. */
import type { Device } from '../../../kernels/device/device.ts';
import { openDevice } from '../../../kernels/device/registry.ts';
import { matmul } from '../../../kernels/ops/matmul/op.ts';
import { Tape } from '../../../kernels/tensor/tape.ts';

export class Products {
  private constructor(readonly device: Device) {}

  static async open(): Promise<Products> {
    return new Products(await openDevice('cpu'));
  }
  close(): Promise<void> {
    return this.device.close();
  }

  /** a (M, K) times the transpose of b (N, K): (M, N). */
  async timesTransposed(a: ArrayLike<number>, b: ArrayLike<number>, K: number): Promise<Float32Array> {
    const tape = new Tape(this.device, { grad: false });
    try {
      const left = tape.tensor(a, [a.length / K, K]);
      const right = a === b ? left : tape.tensor(b, [b.length / K, K]);
      return (await matmul(tape, left, right, { transB: true }).read()) as Float32Array;
    } finally {
      tape.close();
    }
  }

  /** The transpose of a (K, M) times b (K, N): (M, N). */
  async transposedTimes(a: ArrayLike<number>, b: ArrayLike<number>, K: number): Promise<Float32Array> {
    const tape = new Tape(this.device, { grad: false });
    try {
      const left = tape.tensor(a, [K, a.length / K]);
      const right = a === b ? left : tape.tensor(b, [K, b.length / K]);
      return (await matmul(tape, left, right, { transA: true }).read()) as Float32Array;
    } finally {
      tape.close();
    }
  }
}
