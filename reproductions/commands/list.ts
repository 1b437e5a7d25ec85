/** `repro list`: every claim in a line, with its verdict and its cost; `repro list <claim>`: its tasks, each in a line. */
import { formatRow } from '../../results/published/published.ts';
import type { Row } from '../../results/record.ts';
import { mean } from '../../results/statistics.ts';
import type { Column } from '../../results/tables.ts';
import { choose } from '../../results/terminal/options.ts';
import { print } from '../../results/terminal/output.ts';
import { renderShown } from '../../results/terminal/shown.ts';
import { claimIds, loadClaim, type Scale, scales } from '../claim.ts';
import { type ClaimResults, resultsOf, type TrainingResults } from '../claim-results.ts';
import type { Options } from '../cli.ts';
import { headlineOf } from '../headline.ts';
import { listRows } from '../measure/results.ts';
import { publishedFor, type Summary, showNumber } from '../results.ts';
import { higherIsBetter } from '../train/metrics.ts';
import { rowsWithoutScript, withoutScript } from '../without-script.ts';

const columns: Column[] = [
  { key: 'claim', title: 'claim' },
  { key: 'verdict', title: 'verdict' },
  { key: 'cost', title: 'cost: smoke; desk; paper' },
  { key: 'published', title: 'published' },
  { key: 'ours', title: 'ours' },
];

const taskColumns: Column[] = [
  { key: 'claim', title: 'claim' },
  { key: 'source', title: 'paper' },
  { key: 'task', title: 'task' },
  { key: 'published', title: 'published', align: 'right' },
  ...scales.toReversed().map((scale): Column => ({ key: scale, title: `${scale} scale`, align: 'right' })),
  { key: 'verdict', title: 'verdict' },
];

/** The claim by its first number. */
function lineOf(results: ClaimResults): Row {
  const { claim } = results;
  const {
    cells: [{ name, published, ours, where }],
    verdict,
  } = headlineOf(results);
  // Where a measurement was made is told by its own rows.
  const place = results.kind === 'measurement' ? where?.split(', ')[0] : where;
  const shown = ours === null ? null : `${ours} (${place})`;
  const cost = scales.map((scale) => claim.cost[scale]).join('; ');
  return { claim: claim.id, verdict, cost, published: `${name}: ${published}`, ours: shown };
}

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

const taskRows = (results: ClaimResults): Row[] =>
  results.kind === 'measurement' ? listRows(results.claim, results.measurements) : tasksOf(results);

function tasksOf({ claim, summaries }: TrainingResults): Row[] {
  const all = summaries.filter((s) => s.model === claim.subject);
  return Object.entries(claim.tasks).map(([task, name]) => {
    const mine = all.filter((s) => s.task === task);
    const published = publishedFor(claim, task, claim.subject);
    return {
      ...{ claim: claim.id, source: `arXiv ${claim.paper.arxiv}`, task: name },
      published: published ? formatRow(published) : '-',
      ...Object.fromEntries(scales.map((scale) => [scale, cell(mine, scale)])),
      verdict: mine[0]?.verdict.kind ?? 'not run',
    };
  });
}

/** What a claim is about, for programs. */
function described(results: ClaimResults): object {
  const { claim } = results;
  const { kind, id, title, paper, table, criterion, cost } = claim;
  const shared = { kind, id, title, paper, table, criterion, cost, ...headlineOf(results) };
  return claim.kind === 'training'
    ? { ...shared, subject: claim.subject, models: Object.keys(claim.models), tasks: Object.keys(claim.tasks) }
    : { ...shared, systems: Object.keys(claim.systems), cases: Object.keys(claim.cases), runs: claim.runs };
}

export async function run([given]: unknown[], options: Options): Promise<number> {
  const words = (given as string[]).map((id) => choose('claim', String(id), claimIds()));
  const all = (await Promise.all((words.length ? words : claimIds()).map(loadClaim))).map((claim) =>
    resultsOf(claim, 'both'),
  );
  if (options.json === true)
    await print(JSON.stringify({ claims: all.map(described), rows: all.flatMap(taskRows), withoutScript }, null, 1));
  else if (words.length || options.all === true)
    await print(renderShown(all.flatMap(taskRows), taskColumns, hints(all)));
  else {
    const note = 'repro list <claim>: its tasks; repro <claim>: runs it. No script: what is missing stands under cost.';
    await print(renderShown([...all.map(lineOf), ...rowsWithoutScript()], columns, [note]));
  }
  return 0;
}

/** What the claims cost. */
const hints = (all: readonly ClaimResults[]): string[] =>
  all.map(
    ({ claim: { id, cost } }) =>
      `${id}: smoke ${cost.smoke}, desk ${cost.desk}, paper ${cost.paper}; repro ${id} --scale smoke`,
  );
