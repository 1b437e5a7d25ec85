/** Draws a kernel: some channels' taps over time, and beside them the size of all channels' taps on logarithmic axes. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { type Panel, type Point, panelHeight, panelWidth, picture } from './panel.ts';

/** `channels[h][t]`: taps of each channel. The same kernel always gives the same text. */
export function drawKernel(title: string, channels: readonly Float64Array[]): string {
  const shown = [0, 1 / 3, 2 / 3, 1].map((part) => channels[Math.round(part * (channels.length - 1))]);
  const sizes = sizePanel('root mean square of all channels over lag + 1', [sizesByLag(channels)], channels[0].length);
  return picture(title, [tapPanel('taps of four channels over time', shown), sizes]);
}

/** Values over time. */
export function tapPanel(name: string, shown: readonly ArrayLike<number>[], hues?: readonly number[]): Panel {
  const kernels = shown.map((k) => Array.from(k));
  const largest = Math.max(...kernels.map((k) => k.reduce((m, v) => Math.max(m, Math.abs(v)), 0))) || 1;
  const x = scaleLinear([0, Math.max(...kernels.map((k) => k.length))], [0, panelWidth]);
  const y = scaleLinear([-largest, largest], [panelHeight, 0]);
  return {
    name,
    curves: kernels.map((k) => k.map((v, t): Point => [x(t), y(v)])),
    ...(hues ? { hues } : {}),
    x,
    y,
    xTicks: x.ticks(4).map((v) => [v, x(v)]),
    yTicks: y.ticks(3).map((v) => [v, y(v)]),
    labels: { x: String, y: (v) => Number(v.toPrecision(6)).toString() },
  };
}

/** Root mean square over all channels of the taps near each lag, 1 to L, four times for each doubling. */
export function sizesByLag(channels: readonly Float64Array[]): Point[] {
  const L = channels[0].length;
  const points: Point[] = [];
  const ratio = 2 ** 0.25;
  for (let low = 1; low <= L; low = Math.max(low + 1, Math.round(low * ratio))) {
    const high = Math.min(L + 1, Math.max(low + 1, Math.round(low * ratio)));
    let sum = 0;
    for (const k of channels) for (let t = low; t < high; t++) sum += k[t - 1] ** 2;
    const size = Math.sqrt(sum / ((high - low) * channels.length));
    if (size > 0) points.push([Math.sqrt(low * (high - 1)), size]);
  }
  return points;
}

/** Sizes over lags 1 to L, both on logarithmic axes. A curve that leaves six decades ends there. */
export function sizePanel(
  name: string,
  curves: readonly (readonly Point[])[],
  L: number,
  hues?: readonly number[],
): Panel {
  const sizes = curves.flatMap((points) => points.map(([, v]) => v));
  const top = 10 ** Math.ceil(Math.log10(Math.max(...sizes, 1e-12)));
  const bottom = Math.max(top * 1e-6, 10 ** Math.floor(Math.log10(Math.min(...sizes, top / 10))));
  const x = scaleLog([1, L], [0, panelWidth]);
  const y = scaleLog([bottom, top], [panelHeight, 0]);
  const decades = (a: number, b: number) => {
    const from = Math.round(Math.log10(a));
    return Array.from({ length: Math.floor(Math.log10(b) + 1e-9) - from + 1 }, (_, i) => 10 ** (from + i));
  };
  const power = (v: number) => (v >= 1 && v <= 1000 ? String(v) : `1e${Math.round(Math.log10(v))}`);
  return {
    name,
    curves: curves.map((points) => points.filter(([, v]) => v >= bottom).map(([t, v]): Point => [x(t), y(v)])),
    ...(hues ? { hues } : {}),
    x,
    y,
    xTicks: decades(1, L).map((v) => [v, x(v)]),
    yTicks: decades(bottom, top).map((v) => [v, y(v)]),
    labels: { x: power, y: power },
  };
}
