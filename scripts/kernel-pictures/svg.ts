/** Draws a kernel: some channels' taps over time, and beside them the size of all channels' taps on logarithmic axes. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';

const colours = ['#0b6e99', '#d9730d', '#448361', '#9065b0'];
const [panelWidth, panelHeight, margin, gap] = [430, 150, 34, 56];

type Point = [x: number, y: number];

/** `channels[h][t]`: taps of each channel. The same kernel always gives the same text. */
export function drawKernel(title: string, channels: readonly Float64Array[]): string {
  const left = panel(0, tapsOf(channels));
  const right = panel(panelWidth + gap, sizesOf(channels));
  const [width, height] = [2 * panelWidth + gap + margin, panelHeight + 2 * margin];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-margin} ${-margin} ${width + margin} ${height}" width="${width + margin}" height="${height}" font-family="sans-serif" font-size="10">`,
    `<rect x="${-margin}" y="${-margin}" width="${width + margin}" height="${height}" fill="#ffffff"/>`,
    `<text x="0" y="${-margin + 14}" font-size="13" fill="#37352f">${escaped(title)}</text>`,
    ...left,
    ...right,
    '</svg>',
    '',
  ].join('\n');
}

interface Panel {
  name: string;
  curves: Point[][];
  x: (v: number) => number;
  y: (v: number) => number;
  xTicks: Point[];
  yTicks: Point[];
  labels: { x: (v: number) => string; y: (v: number) => string };
}

/** Four channels, spread over the width of the model: values over time. */
function tapsOf(channels: readonly Float64Array[]): Panel {
  const shown = [0, 1 / 3, 2 / 3, 1].map((part) => channels[Math.round(part * (channels.length - 1))]);
  const largest = Math.max(...shown.map((k) => k.reduce((m, v) => Math.max(m, Math.abs(v)), 0))) || 1;
  const L = channels[0].length;
  const x = scaleLinear([0, L], [0, panelWidth]);
  const y = scaleLinear([-largest, largest], [panelHeight, 0]);
  return {
    name: 'taps of four channels over time',
    curves: shown.map((k) => Array.from(k, (v, t): Point => [x(t), y(v)])),
    x,
    y,
    xTicks: x.ticks(4).map((v) => [v, x(v)]),
    yTicks: y.ticks(3).map((v) => [v, y(v)]),
    labels: { x: String, y: (v) => Number(v.toPrecision(6)).toString() },
  };
}

/** Root mean square over all channels of the taps near each lag, 1 to L, on logarithmic axes. */
function sizesOf(channels: readonly Float64Array[]): Panel {
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
  const sizes = points.map(([, v]) => v);
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
    name: 'root mean square of all channels over lag + 1',
    // A curve that leaves six decades ends there.
    curves: [points.filter(([, v]) => v >= bottom).map(([t, v]): Point => [x(t), y(v)])],
    x,
    y,
    xTicks: decades(1, L).map((v) => [v, x(v)]),
    yTicks: decades(bottom, top).map((v) => [v, y(v)]),
    labels: { x: power, y: power },
  };
}

function panel(left: number, { name, curves, xTicks, yTicks, labels }: Panel): string[] {
  const path = line<Point>()
    .x(([x]) => x)
    .y(([, y]) => y)
    .digits(1);
  return [
    `<g transform="translate(${left + margin / 2},0)">`,
    ...yTicks.map(
      ([v, at]) =>
        `<path d="M0,${round(at)}H${panelWidth}" stroke="#e9e9e7"/><text x="-4" y="${round(at + 3)}" text-anchor="end" fill="#787774">${labels.y(v)}</text>`,
    ),
    ...xTicks.map(
      ([v, at]) =>
        `<text x="${round(at)}" y="${panelHeight + 13}" text-anchor="middle" fill="#787774">${labels.x(v)}</text>`,
    ),
    ...curves.map(
      (points, i) =>
        `<path d="${path(points)}" fill="none" stroke="${colours[i % colours.length]}" stroke-width="1" stroke-linejoin="round"/>`,
    ),
    `<rect width="${panelWidth}" height="${panelHeight}" fill="none" stroke="#9b9a97"/>`,
    `<text x="${panelWidth}" y="-5" text-anchor="end" fill="#787774">${name}</text>`,
    '</g>',
  ];
}

const round = (v: number): string => String(Number(v.toFixed(1)));
const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
