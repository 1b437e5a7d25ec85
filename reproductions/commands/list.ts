/** `repro list`: every claim, its published number, our best, and what it costs. */
import process from 'node:process';
import { readMeasurements } from '../../results/measurement.ts';
import { formatRow } from '../../results/published/published.ts';
import type { Row } from '../../results/record.ts';
import { mean } from '../../results/statistics.ts';
import { type Column, render } from '../../results/tables.ts';
import { colours, lineWidth, print } from '../../results/terminal/output.ts';
import { type Claim, claimIds, loadClaim, type Scale, scales } from '../claim.ts';
import type { Options } from '../cli.ts';
import { evidenceOf } from '../evidence-of.ts';
import { listRows } from '../measure/results.ts';
import { publishedFor, type Summary, showNumber, summaries } from '../results.ts';
import { higherIsBetter } from '../train/metrics.ts';

const columns: Column[] = [
  { key: 'claim', title: 'claim' },
  { key: 'source', title: 'paper' },
  { key: 'task', title: 'task' },
  { key: 'published', title: 'published', align: 'right' },
  ...scales.toReversed().map((scale): Column => ({ key: scale, title: `${scale} scale`, align: 'right' })),
  { key: 'verdict', title: 'verdict' },
];

/** The best of a scale; runs on other data than the paper's say so. */
function cell(all: readonly Summary[], scale: Scale): string {
  const mine = all.filter((s) => s.scale === scale);
  if (!mine.length) return '-';
  const sign = higherIsBetter(mine[0].metric) ? 1 : -1;
  const best = mine.sort((a, b) => sign * (mean(b.values) - mean(a.values)))[0];
  const [kind] = best.dataKind.split(':');
  const same = kind === 'real' || kind === 'generated-equivalent';
  return `${showNumber(best.metric, mean(best.values))}${same ? '' : ` (${kind})`}`;
}

function rowsOf(claim: Claim): Row[] {
  if (claim.kind === 'measurement') return listRows(claim, readMeasurements(claim.id));
  const all = summaries(claim, evidenceOf(claim)).filter((s) => s.model === claim.subject);
  return Object.entries(claim.tasks).map(([task, name]) => {
    const mine = all.filter((s) => s.task === task);
    const published = publishedFor(claim, task, claim.subject);
    const verdict = scales.toReversed().flatMap((scale) => mine.filter((s) => s.scale === scale))[0]?.verdict.kind;
    return {
      ...{ claim: claim.id, source: `arXiv ${claim.paper.arxiv}`, task: name },
      published: published ? formatRow(published) : '-',
      ...Object.fromEntries(scales.map((scale) => [scale, cell(mine, scale)])),
      verdict: verdict ?? 'not run',
    };
  });
}

/** What a claim is about, for programs. */
function described(claim: Claim): object {
  const { kind, id, title, paper, table, criterion, cost } = claim;
  const shared = { kind, id, title, paper, table, criterion, cost };
  return claim.kind === 'training'
    ? { ...shared, subject: claim.subject, models: Object.keys(claim.models), tasks: Object.keys(claim.tasks) }
    : { ...shared, systems: Object.keys(claim.systems), cases: Object.keys(claim.cases), runs: claim.runs };
}

export async function run(_: unknown[], options: Options): Promise<number> {
  const claims = await Promise.all(claimIds().map(loadClaim));
  if (options.json === true) {
    const all = claims.map(described);
    await print(JSON.stringify({ claims: all, rows: claims.flatMap(rowsOf) }, null, 1));
    return 0;
  }
  const costs = claims.map(
    ({ id, cost }) => `${id}: smoke ${cost.smoke}, desk ${cost.desk}, paper ${cost.paper}; repro ${id} --scale smoke`,
  );
  await print(
    render(claims.flatMap(rowsOf), columns, 'table', costs, colours(process.stdout), lineWidth(process.stdout)),
  );
  return 0;
}
