/** `repro verify [claims]`: the evidence, read again. Exit code 1 when a record is wrong. */

import { readCurves } from '../../results/curves.ts';
import { readEvidence } from '../../results/evidence.ts';
import { readMeasurements } from '../../results/measurement.ts';
import { choose } from '../../results/terminal/options.ts';
import { print, progress } from '../../results/terminal/output.ts';
import type { Trial } from '../../results/trials.ts';
import { claimIds, loadClaim, type TrainingClaim } from '../claim.ts';
import type { Options } from '../cli.ts';
import { exit } from '../errors.ts';
import { curveFindings } from '../kept-curves.ts';
import { showValue } from '../live.ts';
import type { MeasurementClaim } from '../measure/measurement.ts';
import { deviceName, summariesOf } from '../measure/results.ts';
import { measurementFindings } from '../measure/verify.ts';
import { summaries } from '../results.ts';
import { deciding, searches, searchFindings, trialFindings } from '../search-verify.ts';
import { trialsOf } from '../trials-of.ts';
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
    const read = claim.kind === 'measurement' ? measured(claim) : [...trained(claim), ...searched(claim)];
    for (const { found, ...record } of read) {
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

function trained(claim: TrainingClaim): Verified[] {
  const committed = new Set(readEvidence(claim.id, 'committed').map(({ id }) => id));
  const curves = readCurves(claim.id);
  const runs = readEvidence(claim.id).map((record): Verified => {
    const { id, metric, task, model, scale, seed, test } = record;
    const found = [...findings(claim, record, committed.has(id)), ...curveFindings(record, curves.get(id))];
    const [{ verdict }] = summaries(claim, [record]);
    return {
      ...{ id, found, name: `${claim.id} ${task} ${model} ${scale} seed ${seed}` },
      result: { verdict, metric, value: test.value },
      shown: `${showValue(metric, test.value)}, ${verdict.kind}`,
    };
  });
  const lost = [...curves.keys()].filter((id) => !committed.has(id));
  return [...runs, ...lost.map((id) => lostCurve(claim, id))];
}

const lostCurve = (claim: TrainingClaim, id: string): Verified => ({
  ...{ id, name: `${claim.id} curve ${id}`, shown: 'a kept curve', result: {} },
  found: [{ kind: 'wrong', sentence: 'there is no kept record that it is of' }],
});

/**
 * Every trial, then every search as a whole, shared trials among them. What this machine tried decides nothing: the
 * claim's rates do not follow it.
 */
function searched(claim: TrainingClaim): Verified[] {
  const committed = trialsOf(claim, 'committed');
  const kept = new Set(committed.map(({ id }) => id));
  // A trial that was kept is in both; a search of this machine may go on with one that was.
  const own = trialsOf(claim, 'own').filter(({ id }) => !kept.has(id));
  const published = searches(committed);
  const decide = deciding(claim, published);
  const going = searches([...committed, ...own]).filter(({ trials }) => trials.some((trial) => own.includes(trial)));
  const whole = [...published, ...going].map((search): Verified => {
    const { task, scale, steps, setting, trials } = search;
    const name = [claim.id, 'search', task, scale, setting, `of ${steps} steps`].filter(Boolean).join(' ');
    const found = searchFindings(claim, search, decide.includes(search));
    const shown = `${trials.length} trials, judged on validation data`;
    return { id: name, name, found, result: { trials: trials.length }, shown };
  });
  // The claim that made a trial reads it.
  const made = [...committed, ...own].filter((trial) => trial.claim === claim.id);
  return [...made.map((trial) => tried(claim, trial)), ...whole];
}

function tried(claim: TrainingClaim, trial: Trial): Verified {
  const { id, task, model, scale, rate, seed, setting, metric, validation, diverged } = trial;
  return {
    ...{ id, found: trialFindings(claim, trial) },
    name: [claim.id, 'search', task, model, scale, setting, `rate ${rate} seed ${seed}`].filter(Boolean).join(' '),
    result: { metric, rate, validation, diverged },
    shown: validation ? `validation ${showValue(metric, validation.value)}` : 'diverged',
  };
}

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
