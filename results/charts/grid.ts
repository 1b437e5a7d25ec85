/** Many panels in one picture: two beside each other, under one legend of names in their colours, above a note. */
import { colours, escaped, gap, margin, type Panel, panel, panelHeight, panelWidth } from './panel.ts';

const COLUMNS = 2;
/** Width of a character of the legend, and of what stands between two names. */
const [CHARACTER, BETWEEN] = [5.6, 18];
const LINE = 16;

export function drawGrid(title: string, panels: readonly Panel[], legend: readonly string[], note = ''): string {
  const columns = Math.min(COLUMNS, panels.length);
  const rows = Math.ceil(panels.length / COLUMNS);
  const inner = columns * panelWidth + (columns - 1) * gap + margin;
  const names = placed(legend, inner);
  const top = 24 + LINE * (1 + Math.max(0, ...names.map(({ line }) => line)));
  const rowHeight = panelHeight + 2 * margin;
  const [width, height] = [inner + margin, top + rows * rowHeight];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="10">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${margin}" y="18" font-size="13" fill="#37352f">${escaped(title)}</text>`,
    ...names.map(
      ({ name, x, line }, i) =>
        `<text x="${margin + x}" y="${34 + line * LINE}" fill="${colours[i % colours.length]}">${escaped(name)}</text>`,
    ),
    ...panels.flatMap((one, i) => [
      `<g transform="translate(${margin},${top + margin / 2 + Math.floor(i / COLUMNS) * rowHeight})">`,
      ...panel((i % COLUMNS) * (panelWidth + gap), one),
      '</g>',
    ]),
    ...(note ? [`<text x="${margin}" y="${height - 10}" fill="#787774">${escaped(note)}</text>`] : []),
    '</svg>',
    '',
  ].join('\n');
}

/** Names beside each other, in as many lines as they need. */
function placed(legend: readonly string[], width: number): { name: string; x: number; line: number }[] {
  let [x, line] = [0, 0];
  return legend.map((name) => {
    const own = Math.ceil(CHARACTER * name.length);
    if (x > 0 && x + own > width) [x, line] = [0, line + 1];
    const place = { name, x, line };
    x += own + BETWEEN;
    return place;
  });
}
