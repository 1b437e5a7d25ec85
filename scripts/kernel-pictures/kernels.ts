/** The convolution kernels that systems start from, and what their pictures are about: smooth or rough, decaying or not. */
import { openDevice } from '../../kernels/device/registry.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { ParameterStore } from '../../models/parameters.ts';
import type { LoadedSystem } from '../../models/systems.ts';

export const width = 64;
export const length = 1024;
const seed = 0;

export interface StartingKernel {
  /** Taps of each channel's first kernel, `channels[h][t]`; the part that acts on the past. */
  channels: Float64Array[];
  statistics: KernelStatistics;
}

export interface KernelStatistics {
  /**
   * Power of the differences of neighbouring taps over twice the taps' power, mean over the channels that are not zero:
   * 1 for independent taps, 0 for a smooth curve, 2 for alternating signs.
   */
  roughness: number;
  /** Share of the taps' power in the first sixteenth and in the last half, mean over channels: 1/16 and 1/2 when flat. */
  early: number;
  late: number;
  /** Share of taps that are exactly zero. */
  zeros: number;
}

/** The kernel of a fresh model in float64, evaluation mode; null when the system is no convolution. */
export async function startingKernel(system: LoadedSystem): Promise<StartingKernel | null> {
  const device = await openDevice('reference');
  const store = new ParameterStore(device);
  const size = { width, length, layers: 1, dropout: 0, tiedDropout: false };
  const mixer = system.definition.build(store.at('mixer'), size, system.options, new Streams(seed));
  const t = new Tape(device, { grad: false });
  try {
    if (!mixer.kernel) return null;
    const kernel = mixer.kernel(t, length);
    const rows = kernel.shape[1];
    const L = kernel.shape[2];
    const taps = Float64Array.from(await kernel.read());
    const channels = Array.from({ length: rows }, (_, h) => taps.subarray(h * L, (h + 1) * L));
    return { channels, statistics: statisticsOf(channels) };
  } finally {
    t.close();
    store.dispose();
    await device.close();
  }
}

export function statisticsOf(channels: readonly Float64Array[]): KernelStatistics {
  const power = (k: Float64Array, from = 0, to = k.length) => {
    let sum = 0;
    for (let t = from; t < to; t++) sum += k[t] ** 2;
    return sum;
  };
  const alive = channels.filter((k) => power(k) > 0);
  const mean = (f: (k: Float64Array) => number) => alive.reduce((sum, k) => sum + f(k), 0) / Math.max(1, alive.length);
  const differences = (k: Float64Array) => Float64Array.from({ length: k.length - 1 }, (_, t) => k[t + 1] - k[t]);
  const taps = channels.reduce((n, k) => n + k.length, 0);
  return {
    roughness: mean((k) => (k.length > 1 ? power(differences(k)) / (2 * power(k)) : 0)),
    early: mean((k) => power(k, 0, Math.ceil(k.length / 16)) / power(k)),
    late: mean((k) => power(k, Math.floor(k.length / 2)) / power(k)),
    zeros: channels.reduce((n, k) => n + k.filter((x) => x === 0).length, 0) / taps,
  };
}
