/** A panel of a picture: axes, grid, curves. The same data always give the same text. */
import { line } from 'd3-shape';

export const colours = [
  ...['#0b6e99', '#d9730d', '#448361', '#9065b0', '#ad1a72', '#64473a', '#dfab01', '#787774'],
  ...['#2eb8c9', '#e05a5a', '#8cc152', '#1c2b6b'],
];
const colourOf = (hue: number): string => colours[hue % colours.length];
export const [panelWidth, panelHeight, margin, gap] = [430, 150, 34, 56];

export type Point = [x: number, y: number];

export interface Panel {
  name: string;
  curves: Point[][];
  x: (v: number) => number;
  y: (v: number) => number;
  /** Mark every point. */
  dots?: boolean;
  /** Which colour each curve has; default: the next one. */
  hues?: readonly number[];
  /** Height of a dashed line. */
  level?: number;
  xTicks: Point[];
  yTicks: Point[];
  labels: { x: (v: number) => string; y: (v: number) => string };
}

/** SVG elements of a panel whose left edge is at `left`. */
export function panel(left: number, { name, curves, dots, level, hues, xTicks, yTicks, labels }: Panel): string[] {
  const colour = (i: number) => colourOf(hues?.[i] ?? i);
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
        `<path d="${path(points)}" fill="none" stroke="${colour(i)}" stroke-width="1" stroke-linejoin="round"/>`,
    ),
    ...(dots
      ? curves.flatMap((points, i) =>
          points.map(([x, y]) => `<circle cx="${round(x)}" cy="${round(y)}" r="2" fill="${colour(i)}"/>`),
        )
      : []),
    ...(level === undefined
      ? []
      : [`<path d="M0,${round(level)}H${panelWidth}" stroke="#37352f" stroke-width="0.7" stroke-dasharray="4 3"/>`]),
    `<rect width="${panelWidth}" height="${panelHeight}" fill="none" stroke="#9b9a97"/>`,
    `<text x="${panelWidth}" y="-5" text-anchor="end" fill="#787774">${escaped(name)}</text>`,
    '</g>',
  ];
}

export const round = (v: number): string => String(Number(v.toFixed(1)));
export const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** A picture of panels side by side under a title. */
export function picture(title: string, panels: readonly Panel[], legend: readonly string[] = []): string {
  const [width, height] = [panels.length * panelWidth + (panels.length - 1) * gap + margin, panelHeight + 2 * margin];
  const below = legend.length ? 16 : 0;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-margin} ${-margin} ${width + margin} ${height + below}" width="${width + margin}" height="${height + below}" font-family="sans-serif" font-size="10">`,
    `<rect x="${-margin}" y="${-margin}" width="${width + margin}" height="${height + below}" fill="#ffffff"/>`,
    `<text x="0" y="${-margin + 14}" font-size="13" fill="#37352f">${escaped(title)}</text>`,
    ...panels.flatMap((one, i) => panel(i * (panelWidth + gap), one)),
    ...legend.map(
      (name, i) =>
        `<text x="${margin / 2 + i * 150}" y="${panelHeight + margin + 8}" fill="${colourOf(i)}">${escaped(name)}</text>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}
