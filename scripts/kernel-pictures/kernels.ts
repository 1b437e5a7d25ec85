/** The convolution kernels that systems start from, and what their pictures are about: smooth or rough, decaying or not. */
import { openDevice } from '../../kernels/device/registry.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { type KernelStatistics, statisticsOf } from '../../models/kernel-statistics.ts';
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
