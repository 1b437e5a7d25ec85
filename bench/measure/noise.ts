/**
 * The noise floor: the same work measured against itself, as two contestants in interleaved rounds (an A/A test). The
 * ratio should be 1; how far rounds stray from it is what no comparison on this machine can resolve.
 */
import type { Device } from '../../kernels/device/device.ts';
import { gelu } from '../../kernels/ops/unary/op.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import { type Interval, median, ratioOf } from '../../results/statistics.ts';
import { InterruptedError } from '../../results/terminal/errors.ts';
import { sampleInterleaved } from './sampling.ts';

export interface Noise {
  /** A over A over all rounds. */
  ratio: Interval;
  /** Typical and largest |log ratio| of one round, as fractions: 0.02 is 2 %. */
  typical: number;
  largest: number;
  rounds: number;
}

export async function measureNoise(device: Device, signal: AbortSignal, rounds = 15): Promise<Noise> {
  const n = 1 << 17;
  const x = Tensor.from(device, new Stream(0, 'noise').normals(n), [n]);
  const sample = () =>
    device.time(() => {
      using t = new Tape(device, { grad: false });
      gelu(t, x);
    });
  const plan = { rounds, samples: 5, roundMs: 20, warmups: 10, warmupMs: 50, budgetMs: 10_000, leastRounds: 3 };
  const [a, b] = await sampleInterleaved(
    [
      { id: 'a', sample },
      { id: 'a again', sample },
    ],
    plan,
    signal,
  );
  x.dispose();
  if (signal.aborted) throw new InterruptedError('interrupted');
  const strays = a.rounds.map((r, i) => Math.abs(Math.log(median(r) / median(b.rounds[i]))));
  return {
    ratio: ratioOf(a.rounds, b.rounds),
    typical: median(strays),
    largest: Math.max(...strays),
    rounds: strays.length,
  };
}

/** The smallest step of the clock that was seen, in milliseconds. */
export function clockStep(): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 2000; i++) {
    const a = performance.now();
    let b = a;
    while (b === a) b = performance.now();
    least = Math.min(least, b - a);
  }
  return least;
}
