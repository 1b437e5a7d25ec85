/** All claims, one line each: what was published, what was found, and how far that goes. */
import type { ClaimResults } from '../claim-results.ts';
import { type HeadlineCell, headlineOf } from '../headline.ts';
import { link, plain, table } from './markdown.ts';

/** At most so many tasks of a claim. */
const MOST = 2;

const columns = [
  { title: 'claim' },
  { title: 'paper' },
  { title: 'published' },
  { title: 'ours' },
  { title: 'scale and data' },
  { title: 'verdict' },
];

/** `page`: where the claims' own sections are, as a link from the file of the table. */
export function claimsTable(all: readonly ClaimResults[], page: string): string {
  return table(
    columns,
    all.map((results) => {
      const { claim } = results;
      const { cells, verdict } = headlineOf(results);
      const shown = cells.slice(0, MOST);
      const named = several(results);
      const name = (cell: HeadlineCell, value: string) => plain(named ? `${cell.name}: ${value}` : value);
      const more = cells.length > MOST ? `; and ${cells.length - MOST} more` : '';
      const run = shown.some(({ ours }) => ours !== null);
      const where = [...new Set(shown.flatMap((cell) => cell.where ?? []))].join('; ');
      return [
        link(claim.title, `${page}#${claim.id}`),
        link(claim.paper.arxiv, `https://arxiv.org/abs/${claim.paper.arxiv}`),
        shown.map((cell) => name(cell, cell.published)).join('; '),
        run ? `${shown.map((cell) => name(cell, cell.ours ?? '-')).join('; ')}${more}` : '-',
        plain(run ? where : `desk: ${claim.cost.desk}`),
        plain(verdict),
      ];
    }),
  );
}

/** Whether it has to be said which number a number is. */
function several({ claim }: ClaimResults): boolean {
  if (claim.kind === 'training') return Object.keys(claim.tasks).length > 1;
  return Object.values(claim.cases).flatMap(({ targets = {} }) => Object.keys(targets)).length > 1;
}
