/** What a picture of a convolution kernel is about, as numbers: smooth or rough, decaying or not. */

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
