/**
 * `repro table`: every group of finished runs, and every measurement, as a row beside its published number. `--write`
 * makes the committed pages from the committed evidence; `--check` says which of them are not what it makes.
 */

import type { Row } from '../../results/record.ts';
import { formats, render } from '../../results/tables.ts';
import { choose } from '../../results/terminal/options.ts';
import { print, progress } from '../../results/terminal/output.ts';
import { claimIds, loadClaim } from '../claim.ts';
import { type ClaimResults, resultsOf } from '../claim-results.ts';
import type { Options } from '../cli.ts';
import { exit, UsageError } from '../errors.ts';
import { tableRow } from '../measure/results.ts';
import { outdated, writePages } from '../page/page.ts';
import { columns, rowOf } from '../results-table.ts';

/** Paper scale first: the rows that can settle something. */
function rowsOf(results: ClaimResults): Row[] {
  if (results.kind === 'training') return results.summaries.map((s) => rowOf(results.claim, s));
  const beside = results.summaries.filter((s) => s.published !== '-');
  return beside.map((s) => tableRow(results.claim, s));
}

export async function run(_: unknown[], options: Options): Promise<number> {
  if (options.write === true && options.check === true) throw new UsageError('--write and --check: give one of them');
  if (options.write === true) return await write();
  if (options.check === true) return await check();
  const format = choose('format', String(options.format), formats);
  const rows: Row[] = [];
  for (const id of claimIds()) {
    const results = resultsOf(await loadClaim(id), 'both');
    rows.push(...rowsOf(results).map((row) => ({ claim: id, ...row })));
  }
  if (!rows.length && format === 'table')
    await print('No finished runs yet. Start one: repro longconv-lra --scale smoke');
  else await print(render(rows, [{ key: 'claim', title: 'claim' }, ...columns], format));
  return 0;
}

async function write(): Promise<number> {
  const written = await writePages();
  progress.say(written.length ? `written: ${written.join(', ')}` : 'the pages are what the evidence makes of them');
  return exit.done;
}

async function check(): Promise<number> {
  const found = await outdated();
  for (const sentence of found) await print(sentence);
  if (!found.length) progress.say('the pages are what the evidence makes of them');
  else progress.say('repro table --write makes them anew');
  return found.length ? exit.failed : exit.done;
}
