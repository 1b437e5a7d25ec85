/** Cells broken at their spaces, and columns left out at the right, so that a table fits a terminal. */

/** Where a line may end: at a space, but not inside an interval. */
const space = / (?![^[\n]*\])/;

/** Lines of at most `width` characters where words allow; lines that the text already has are kept. */
export function wrap(text: string, width: number): string {
  return text
    .split('\n')
    .map((given) => {
      const lines: string[] = [];
      for (const word of given.split(space)) {
        const line = lines.at(-1);
        if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
        else lines.push(word);
      }
      return lines.join('\n');
    })
    .join('\n');
}

const longest = (texts: readonly string[], separator: RegExp): number =>
  Math.max(0, ...texts.flatMap((t) => t.split(separator)).map((part) => part.length));

/**
 * Rows of cells (the first row is the head) for a table of at most `width` characters, borders and padding counted.
 * The widest columns are broken first, into whole words; when that is not enough, the last columns are left out, one
 * at least stays. `limits` are the columns' own largest widths. Returns the cells and how many columns are shown.
 */
export function fit(
  rows: readonly string[][],
  width: number,
  limits: readonly (number | undefined)[] = [],
): { cells: string[][]; shown: number } {
  for (let shown = rows[0].length; ; shown--) {
    const columns = Array.from({ length: shown }, (_, i) => rows.map((r) => r[i]));
    const least = columns.map((texts) => longest(texts, new RegExp(`${space.source}|\\n`)));
    const widths = columns.map((texts, i) =>
      Math.max(least[i], Math.min(longest(texts, /\n/), limits[i] ?? Number.POSITIVE_INFINITY)),
    );
    const room = width - 3 * shown - 1;
    let excess = widths.reduce((a, b) => a + b, 0) - room;
    for (; excess > 0; excess--) {
      let widest = -1;
      for (const [i, w] of widths.entries()) if (w > least[i] && (widest < 0 || w > widths[widest])) widest = i;
      if (widest < 0) break;
      widths[widest]--;
    }
    if (excess <= 0 || shown === 1) return { cells: rows.map((r) => widths.map((w, i) => wrap(r[i], w))), shown };
  }
}
