/** Rows as text: a table for people, CSV, Markdown, JSON. Pure functions of rows and columns. */
import Table from 'cli-table3';
import { stringify } from 'csv-stringify/sync';
import { fit } from './fit-table.ts';
import type { Row, Scalar } from './record.ts';

export interface Column {
  key: string;
  title: string;
  align?: 'left' | 'right';
  /** Text of a cell; default: `show`. */
  text?: (value: Scalar, row: Row) => string;
  /** Longer cells of a table are broken at their spaces. */
  width?: number;
}

export type Format = 'table' | 'json' | 'jsonl' | 'csv' | 'md';
export const formats: readonly Format[] = ['table', 'json', 'jsonl', 'csv', 'md'];

/** Numbers to `digits` significant ones without an exponent where that reads well; null as a dash. */
export function show(value: Scalar, digits = 3): string {
  if (value === null || value === undefined) return '-';
  if (typeof value !== 'number') return String(value);
  if (!Number.isFinite(value)) return '-';
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(digits - 1);
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size || 1)));
  return value.toFixed(decimals);
}

export const showBytes = (value: Scalar): string => {
  if (typeof value !== 'number') return '-';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let v = value;
  let u = 0;
  for (; v >= 1024 && u < units.length - 1; u++) v /= 1024;
  return `${u ? show(v) : v} ${units[u]}`;
};

export const showPercent = (value: Scalar): string => (typeof value === 'number' ? `${show(100 * value, 2)} %` : '-');

/** `estimate [low, high]`, the limits where they are known; an interval over three orders of magnitude tells nothing. */
export const showInterval = (estimate: Scalar, low: Scalar, high: Scalar, unit = ''): string =>
  typeof estimate !== 'number'
    ? '-'
    : typeof low !== 'number' || typeof high !== 'number'
      ? `${show(estimate)}${unit}`
      : low > 0 && high > 1000 * low
        ? `${show(estimate)}${unit} [too noisy]`
        : `${show(estimate)}${unit} [${show(low)}, ${show(high)}]`;

const cell = (column: Column, row: Row): string => (column.text ?? ((v) => show(v)))(row[column.key] ?? null, row);

/** A table of at most `width` characters: long cells are broken, and columns that still do not fit are named below it. */
export function renderTable(
  rows: readonly Row[],
  columns: readonly Column[],
  colour = false,
  width = Number.POSITIVE_INFINITY,
): string {
  const titles = columns.map((c) => c.title);
  const { cells, shown } = fit(
    [titles, ...rows.map((row) => columns.map((c) => cell(c, row)))],
    width,
    columns.map((c) => c.width),
  );
  const table = new Table({
    head: cells[0],
    colAligns: columns.slice(0, shown).map((c) => c.align ?? 'left'),
    style: { head: colour ? ['bold'] : [], border: [], 'padding-left': 1, 'padding-right': 1, compact: true },
  });
  for (const line of cells.slice(1)) table.push(line);
  const left = titles.slice(shown);
  const note = `not shown in ${width} columns: ${left.join(', ')} (a wider terminal, a pipe or a file has all)`;
  return left.length ? `${table}\n${note}` : table.toString();
}

export function renderMarkdown(rows: readonly Row[], columns: readonly Column[]): string {
  const escaped = (s: string) => s.replace(/\\/g, '\\\\').replace(/\|/g, '\\|').replace(/\r?\n/g, ' ');
  const line = (cells: string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [
    line(columns.map((c) => c.title)),
    `| ${columns.map((c) => (c.align === 'right' ? '---:' : '---')).join(' | ')} |`,
    ...rows.map((row) => line(columns.map((c) => cell(c, row)))),
  ].join('\n');
}

/** Every key of the rows, in order of first appearance. */
const keysOf = (rows: readonly Row[]): string[] => [...new Set(rows.flatMap((r) => Object.keys(r)))];

/** All fields with full precision; null is empty. */
export function renderCsv(rows: readonly Row[], keys = keysOf(rows)): string {
  return stringify(rows as Row[], {
    header: true,
    columns: keys,
    cast: { boolean: (b) => (b ? 'true' : 'false'), number: (n) => String(n) },
  });
}

/** The rows in one of the formats, with a caption where the format has room for one. */
export function render(
  rows: readonly Row[],
  columns: readonly Column[],
  format: Format,
  caption: readonly string[] = [],
  colour = false,
  width = Number.POSITIVE_INFINITY,
): string {
  switch (format) {
    case 'json':
      return JSON.stringify(rows, null, 2);
    case 'jsonl':
      return rows.map((r) => JSON.stringify(r)).join('\n');
    case 'csv':
      return renderCsv(rows).trimEnd();
    case 'md':
      return [renderMarkdown(rows, columns), ...caption.map((c) => `\n${c}`)].join('\n');
    case 'table':
      return [renderTable(rows, columns, colour, width), ...caption].join('\n');
  }
}
