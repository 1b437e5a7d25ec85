/** `repro verify [claims]`: the evidence, read again. Exit code 1 when a record is wrong. */

import { readEvidence } from '../../results/evidence.ts';
import { readMeasurements } from '../../results/measurement.ts';
import { choose } from '../../results/terminal/options.ts';
import { print, progress } from '../../results/terminal/output.ts';
import { claimIds, loadClaim, type TrainingClaim } from '../claim.ts';
import type { Options } from '../cli.ts';
import { exit } from '../errors.ts';
import { showValue } from '../live.ts';
import type { MeasurementClaim } from '../measure/measurement.ts';
import { deviceName, summariesOf } from '../measure/results.ts';
import { measurementFindings } from '../measure/verify.ts';
import { summaries } from '../results.ts';
import { type Finding, findings } from '../verify.ts';

interface Verified {
  id: string;
  name: string;
  /** What the record came to, for programs and for people. */
  result: object;
  shown: string;
  found: Finding[];
}

export async function run([given]: unknown[], options: Options): Promise<number> {
  const words = (given as string[]).map((id) => choose('claim', String(id), claimIds()));
  let wrong = 0;
  let records = 0;
  for (const id of words.length ? words : claimIds()) {
    const claim = await loadClaim(id);
    for (const { found, ...record } of claim.kind === 'measurement' ? measured(claim) : trained(claim)) {
      records++;
      if (found.some((f) => f.kind === 'wrong')) wrong++;
      const state = found.length ? found.map((f) => `${f.kind}: ${f.sentence}`).join('; ') : 'holds';
      await print(
        options.json === true
          ? JSON.stringify({ id: record.id, name: record.name, ...record.result, findings: found })
          : `${record.name}: ${record.shown}; ${state}`,
      );
    }
  }
  progress.say(`${records} record${records === 1 ? '' : 's'}, ${wrong} wrong`);
  return wrong ? exit.failed : exit.done;
}

const trained = (claim: TrainingClaim): Verified[] =>
  readEvidence(claim.id).map((record) => {
    const { id, metric, task, model, scale, seed, test } = record;
    const found = findings(claim, record);
    const [{ verdict }] = summaries(claim, [record]);
    return {
      ...{ id, found, name: `${claim.id} ${task} ${model} ${scale} seed ${seed}` },
      result: { verdict, metric, value: test.value },
      shown: `${showValue(metric, test.value)}, ${verdict.kind}`,
    };
  });

const measured = (claim: MeasurementClaim): Verified[] =>
  readMeasurements(claim.id).map((evidence) => {
    const found = measurementFindings(claim, evidence);
    const known = evidence.rows.every((row) => row.case in claim.cases && row.system in claim.systems);
    const all = known ? summariesOf(claim, evidence) : [];
    const kinds = [...new Set(all.map((s) => s.verdict.kind))].map(
      (kind) => `${all.filter((s) => s.verdict.kind === kind).length} ${kind}`,
    );
    return {
      ...{ id: evidence.id, found, name: `${claim.id} ${evidence.scale} ${evidence.time.slice(0, 16)}` },
      result: { rows: all },
      shown: `${kinds.join(', ')}; on ${deviceName(evidence)}`,
    };
  });
