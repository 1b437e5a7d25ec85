/**
 * A claim in one line: the published number and ours of what the paper proposes, where ours was had, and one verdict.
 * Of each task the largest scale counts.
 */
import { findRow, formatRow } from '../results/published/published.ts';
import { type Scale, scales, type TrainingClaim } from './claim.ts';
import type { ClaimResults, MeasuredResults, TrainingResults } from './claim-results.ts';
import type { MeasurementClaim } from './measure/measurement.ts';
import type { MeasuredSummary } from './measure/results.ts';
import { showPublished, showValue } from './measure/verdict.ts';
import { publishedFor, type Summary } from './results.ts';
import { showMean } from './results-table.ts';
import { decides } from './verdict.ts';

export interface HeadlineCell {
  /** Task, or what was measured. */
  name: string;
  published: string;
  /** Mean with its interval; null: not run. */
  ours: string | null;
  /** Scale and data, or scale and device. */
  where: string | null;
}

export interface Headline {
  cells: HeadlineCell[];
  /** `not run`, or the kinds of verdicts: of more than one kind with how many rows there are of each. */
  verdict: string;
}

export const headlineOf = (results: ClaimResults): Headline =>
  results.kind === 'training' ? trained(results) : measured(results);

/** `reproduced`, or `reproduced (3), below (1)`: the most frequent first. `of`: how many there should be. */
export function counted(kinds: readonly string[], of = kinds.length): string {
  const count = (kind: string) => kinds.filter((other) => other === kind).length;
  const all = [...new Set(kinds)].sort((a, b) => count(b) - count(a));
  if (all.length === 1 && kinds.length >= of) return all[0];
  return all.map((kind) => `${kind} (${count(kind)}${kinds.length < of ? ` of ${of}` : ''})`).join(', ');
}

function trained({ claim, summaries, compared }: TrainingResults): Headline {
  const best = Object.keys(claim.tasks).flatMap((task) => {
    const own = summaries.filter((s) => s.task === task && s.model === claim.subject);
    const [first] = own.sort((a, b) => better(b, a));
    return first ? [first] : [];
  });
  if (!best.length) return { cells: unrun(claim), verdict: summaries.length ? 'not run (baselines only)' : 'not run' };
  const settled = best.filter((s) => decides(s.verdict));
  const kinds = (settled.length ? settled : best).map((s) => s.verdict.kind);
  const judged = Object.keys(claim.tasks).filter((task) => publishedFor(claim, task, claim.subject)?.value != null);
  const comparisons = compared.map(({ verdict }) => verdict.kind);
  const also = comparisons.length ? `; comparisons: ${counted(comparisons)}` : '';
  const named = best.filter((s) => claim.headline?.includes(s.task));
  const numbered = best.filter((s) => typeof s.published?.value === 'number');
  const shown = [named, numbered, best].find((some) => some.length) ?? [];
  // Sorting is stable: within a scale the tasks keep the claim's order.
  const ordered = shown.sort((a, b) => rank(b.scale) - rank(a.scale));
  return {
    cells: ordered.map((s) => cellOf(claim, s)),
    verdict: `${counted(kinds, settled.length ? judged.length : 0)}${also}`,
  };
}

const rank = (scale: Scale): number => scales.indexOf(scale);
const proper = (s: Summary): number => Number(!s.departures.length) + Number(!/^stand-in|variant/.test(s.dataKind));

/** Larger scale, then the claim's own configuration on the paper's data, then more seeds. */
const better = (a: Summary, b: Summary): number =>
  rank(a.scale) - rank(b.scale) || proper(a) - proper(b) || a.values.length - b.values.length;

const cellOf = (claim: TrainingClaim, s: Summary): HeadlineCell => ({
  name: claim.tasks[s.task],
  published: s.published ? formatRow(s.published) : '-',
  ours: showMean(s),
  where: `${s.scale}, ${s.dataKind.split(':')[0]}`,
});

/** What the paper says of its model on the tasks of a whole run. */
function unrun(claim: TrainingClaim): HeadlineCell[] {
  const tasks = [...new Set([...(claim.headline ?? claim.defaults.paper.tasks), ...Object.keys(claim.tasks)])];
  const rows = tasks.map((task) => ({ task, row: publishedFor(claim, task, claim.subject) }));
  const known = rows.filter(({ row }) => typeof row?.value === 'number');
  return (known.length ? known : rows.slice(0, 1)).map(({ task, row }) => ({
    ...{ name: claim.tasks[task], published: row ? formatRow(row) : '-', ours: null, where: null },
  }));
}

function measured({ claim, summaries }: MeasuredResults): Headline {
  const judged = summaries.filter((s) => s.published !== '-');
  const top = judged.filter((s) => s.scale === judged[0].scale);
  const cells = headRows(claim).map(({ title, case: id, system }): HeadlineCell => {
    const own = top.filter((s) => s.case === id && s.system === system);
    const row = own.toSorted((a, b) => (b.length ?? 0) - (a.length ?? 0))[0];
    return row
      ? cellOfRow(title, row)
      : { name: title, published: publishedOf(claim, id, system), ours: null, where: null };
  });
  const run = cells.filter(({ ours }) => ours !== null);
  const verdict = summaries.length ? counted(top.map((s) => s.verdict.kind)) || 'measured here' : 'not run';
  return { cells: run.length ? run : cells, verdict: brief(verdict) };
}

/** Those that the claim names, or the first that it judges. */
function headRows(claim: MeasurementClaim): NonNullable<MeasurementClaim['headline']> {
  if (claim.headline) return claim.headline;
  for (const [id, { title, targets = {} }] of Object.entries(claim.cases))
    for (const system of Object.keys(targets)) return [{ title, case: id, system }];
  throw new Error(`${claim.id} judges nothing`);
}

const cellOfRow = (name: string, row: MeasuredSummary): HeadlineCell => ({
  ...{ name, published: row.published, ours: showValue(row), where: `${row.scale}, ${row.device}` },
});

function publishedOf(claim: MeasurementClaim, id: string, system: string): string {
  const target = claim.cases[id].targets?.[system];
  return target ? showPublished({ target, row: findRow(claim.published, target.model, target.task) }) : '-';
}

/** `measured here: a (3), measured here: b (1)` says where once. */
const brief = (verdict: string): string => verdict.replace(/, measured here: /g, ', ');
