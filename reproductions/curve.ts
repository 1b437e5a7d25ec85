/** Curves as text: a small plot with its scale, drawn with dots of a character cell. */

export interface Series {
  x: number[];
  y: number[];
}

/**
 * A plot of `width` x `height` characters. Several values that fall into one column are averaged. `level` draws a
 * dashed line, such as what a guess gets.
 */
export function plot(
  title: string,
  { x, y }: Series,
  options: { width?: number; height?: number; level?: number } = {},
): string {
  const { width = 60, height = 8, level } = options;
  if (!x.length) return `${title}: nothing yet`;
  const first = x[0];
  const last = x[x.length - 1];
  const columns: number[][] = Array.from({ length: width }, () => []);
  x.forEach((at, i) => {
    const column = last === first ? 0 : Math.round(((at - first) / (last - first)) * (width - 1));
    columns[column].push(y[i]);
  });
  const means = columns.map((c) => (c.length ? c.reduce((a, b) => a + b, 0) / c.length : null));
  const values = means.filter((v) => v !== null).concat(level === undefined ? [] : [level]);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const row = (v: number) => (high === low ? 0 : Math.round(((high - v) / (high - low)) * (height - 1)));
  const cells = Array.from({ length: height }, () => new Array<string>(width).fill(' '));
  if (level !== undefined) for (let c = 0; c < width; c += 2) cells[row(level)][c] = '-';
  means.forEach((v, c) => {
    if (v !== null) cells[row(v)][c] = '•';
  });
  const label = (r: number) => (r === 0 ? format(high) : r === height - 1 ? format(low) : '').padStart(8);
  const axis = `${' '.repeat(9)}${String(first).padEnd(width - String(last).length)}${last}`;
  return [title, ...cells.map((line, r) => `${label(r)} ${line.join('').trimEnd()}`), axis].join('\n');
}

const format = (v: number): string => (Math.abs(v) >= 100 ? v.toFixed(0) : v.toPrecision(3));
