/** What the section of every claim has: whose claim it is, how it was to be judged, what was found, how to see it again. */
import type { ClaimFacts } from '../claim.ts';
import type { ClaimResults } from '../claim-results.ts';
import { headlineOf } from '../headline.ts';
import { blocks, bullets, link, plain, sentence } from './markdown.ts';

/** Records of evidence as their section speaks of them. */
interface Kept {
  time: string;
  git: { commit: string | null };
}

export function head(results: ClaimResults): string {
  const { id, title, paper, table } = results.claim;
  const { verdict } = headlineOf(results);
  return blocks(
    `## ${id}`,
    `**${plain(title)}.** ${plain(paper.title)}, ${link(`arXiv ${paper.arxiv}`, `https://arxiv.org/abs/${paper.arxiv}`)}, ${plain(table)}.`,
    bullets([
      `Verdict: **${plain(verdict)}**.`,
      `Criterion, written before the runs: ${plain(results.claim.criterion)}.`,
      costOf(results.claim),
    ]),
  );
}

const costOf = ({ cost }: ClaimFacts): string =>
  `Cost: smoke ${plain(cost.smoke)}; desk ${plain(cost.desk)}; paper ${plain(cost.paper)}.`;

/** What whoever looked at the evidence says of it. */
export const shown = ({ shows }: ClaimFacts): string =>
  shows ? `**What it shows and does not show.** ${sentence(plain(shows))}` : '';

export const commands = (title: string, lines: readonly string[]): string =>
  lines.length ? `${title}\n\n\`\`\`sh\n${lines.join('\n')}\n\`\`\`` : '';

/** `12 runs of 2026-11-22, by commit 35f8e5f2`, and where they are. */
export function keptIn(id: string, what: string, records: readonly Kept[]): string {
  const days = [...new Set(records.map(({ time }) => time.slice(0, 10)))].sort();
  const commits = [...new Set(records.map(({ git }) => git.commit?.slice(0, 8) ?? 'none'))].sort();
  const span = days.length > 1 ? `${days[0]} to ${days.at(-1)}` : days[0];
  const number = `${records.length} ${what}${records.length === 1 ? '' : 's'}`;
  const by = `by ${commits.length === 1 ? 'commit' : 'commits'} ${commits.join(', ')}`;
  return `Evidence: ${number} of ${span}, ${by}: ${link(`evidence/${id}.jsonl`, `evidence/${id}.jsonl`)}.`;
}
