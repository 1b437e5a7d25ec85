/** Markdown as GitHub shows it: plain text that stays what it is, links, tables. */

/** What would become emphasis, a line through, HTML or a cell's end is escaped; a line break is a space. */
export const plain = (text: string): string =>
  text
    .replace(/[\\|~*_]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/\s*\n\s*/g, ' ');

export const link = (text: string, target: string): string => `[${plain(text).replace(/[[\]]/g, '\\$&')}](${target})`;

export interface MarkdownColumn {
  title: string;
  right?: boolean;
}

/** Cells are Markdown already. */
export function table(columns: readonly MarkdownColumn[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ right }) => (right ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}

/** Paragraphs, lists and tables, each apart from the next; what is empty is left out. */
export const blocks = (...parts: readonly string[]): string => parts.filter(Boolean).join('\n\n');

export const bullets = (lines: readonly string[]): string => lines.map((line) => `* ${line}`).join('\n');

/** What is there for those who look for it. */
export const folded = (title: string, content: string): string =>
  `<details><summary>${plain(title)}</summary>\n\n${content}\n\n</details>`;

/** One sentence out of a clause. */
export const sentence = (clause: string): string =>
  `${clause.charAt(0).toUpperCase()}${clause.slice(1)}${/[.!?]$/.test(clause) ? '' : '.'}`;
