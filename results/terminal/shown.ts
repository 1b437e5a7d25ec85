/** A table as this terminal shows it: in colour where it has colours, and no wider than it is. */
import process from 'node:process';
import type { Row } from '../record.ts';
import { type Column, render } from '../tables.ts';
import { colours, lineWidth } from './output.ts';

export const renderShown = (rows: readonly Row[], columns: readonly Column[], notes: readonly string[] = []): string =>
  render(rows, columns, 'table', notes, colours(process.stdout), lineWidth(process.stdout));
