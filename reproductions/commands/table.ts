/** `repro table`: every group of finished runs, and every measurement, as a row beside its published number. */

import { readMeasurements } from '../../results/measurement.ts';
import type { Row } from '../../results/record.ts';
import { formats, render } from '../../results/tables.ts';
import { choose } from '../../results/terminal/options.ts';
import { print } from '../../results/terminal/output.ts';
import { claimIds, loadClaim, scales } from '../claim.ts';
import type { Options } from '../cli.ts';
import { evidenceOf } from '../evidence-of.ts';
import { latest, summariesOf, tableRow } from '../measure/results.ts';
import { columns, rowOf, type Summary, summaries } from '../results.ts';

/** Paper scale first: the rows that can settle something. */
const rank = (s: Summary): number => -scales.indexOf(s.scale);

export async function run(_: unknown[], options: Options): Promise<number> {
  const format = choose('format', String(options.format), formats);
  const rows: Row[] = [];
  for (const id of claimIds()) {
    const claim = await loadClaim(id);
    if (claim.kind === 'measurement') {
      const measured = latest(readMeasurements(id)).sort((a, b) => scales.indexOf(b.scale) - scales.indexOf(a.scale));
      const beside = measured.flatMap((e) => summariesOf(claim, e)).filter((s) => s.published !== '-');
      rows.push(...beside.map((s) => ({ claim: id, ...tableRow(claim, s) })));
      continue;
    }
    const all = summaries(claim, evidenceOf(claim)).sort((a, b) => rank(a) - rank(b));
    rows.push(...all.map((s) => ({ claim: id, ...rowOf(claim, s) })));
  }
  if (!rows.length && format === 'table')
    await print('No finished runs yet. Start one: repro longconv-lra --scale smoke');
  else await print(render(rows, [{ key: 'claim', title: 'claim' }, ...columns], format));
  return 0;
}
