/**
 * Taking this machine's evidence into the committed one: finished runs, measurements and trials at desk and paper scale,
 * of a commit and no changes beside it, that hold when they are read again. Nothing is taken twice, nothing is changed.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { keepCurve, readCurves } from '../results/curves.ts';
import { type Evidence, evidenceFolders, readEvidence } from '../results/evidence.ts';
import { readMeasurements } from '../results/measurement.ts';
import type { Provenance } from '../results/record.ts';
import { appendRecord } from '../results/store.ts';
import { readTrials } from '../results/trials.ts';
import type { Claim, Scale, TrainingClaim } from './claim.ts';
import { curveFindings, curveOf } from './kept-curves.ts';
import { lock } from './lock.ts';
import type { MeasurementClaim } from './measure/measurement.ts';
import { measurementFindings } from './measure/verify.ts';
import { searches, searchFindings, trialFindings } from './search-verify.ts';
import { trialsOf } from './trials-of.ts';
import { type Finding, findings } from './verify.ts';

export interface Keeping {
  claim: string;
  /** How many were taken. */
  runs: number;
  curves: number;
  measurements: number;
  trials: number;
  /** What was not, by name, and why. `wrong`: it does not hold. */
  refused: { name: string; reason: string; wrong: boolean }[];
  /** What was taken and is to be looked at. */
  noted: { name: string; reason: string }[];
}

/** What every record has. */
interface Origin {
  id: string;
  scale: Scale;
  git: Provenance['git'];
}

/** Takes what is new. Another process that does the same is waited for, by being refused. */
export function keep(claims: readonly Claim[]): Keeping[] {
  const { committed } = evidenceFolders();
  mkdirSync(committed, { recursive: true });
  const unlock = lock(committed);
  try {
    return claims.map((claim) => (claim.kind === 'training' ? keepTraining(claim) : keepMeasured(claim)));
  } finally {
    unlock();
  }
}

const nothing = (claim: Claim): Keeping => ({
  ...{ claim: claim.id, runs: 0, curves: 0, measurements: 0, trials: 0, refused: [], noted: [] },
});

/** Those of this machine that are not committed yet; smoke runs prove nothing and stay where they are. */
function fresh<T extends Origin>(own: readonly T[], committed: readonly T[]): T[] {
  const known = new Set(committed.map(({ id }) => id));
  return own.filter(({ id, scale }) => scale !== 'smoke' && !known.has(id));
}

/** Whether a record may be taken; what speaks against it, or is to be looked at, is written down. */
function acceptable(keeping: Keeping, name: string, { git }: Origin, found: readonly Finding[]): boolean {
  const wrong = found.filter(({ kind }) => kind === 'wrong').map(({ sentence }) => sentence);
  const changed = git.commit === null || git.dirty !== false;
  // What was made with changes is refused for that; a record of a commit that does not hold is worse.
  const reasons = changed ? ['it was made with changes that no commit holds'] : wrong;
  if (reasons.length) keeping.refused.push({ name, reason: reasons.join('; '), wrong: !changed });
  else for (const { sentence } of found) keeping.noted.push({ name, reason: sentence });
  return !reasons.length;
}

const fileOf = (claim: string): string => join(evidenceFolders().committed, `${claim}.jsonl`);

const runName = ({ claim, task, model, scale, seed }: Evidence): string =>
  `${claim} ${task} ${model} ${scale} seed ${seed}`;

function keepTraining(claim: TrainingClaim): Keeping {
  const keeping = nothing(claim);
  for (const record of fresh(readEvidence(claim.id, 'own'), readEvidence(claim.id, 'committed'))) {
    if (!acceptable(keeping, runName(record), record, findings(claim, record, true))) continue;
    appendRecord(fileOf(claim.id), record);
    keeping.runs++;
  }
  keepCurves(claim, keeping);
  keepTrials(claim, keeping);
  return keeping;
}

/** The curve of every committed run that has none and whose journal is on this machine. */
function keepCurves(claim: TrainingClaim, keeping: Keeping): void {
  const known = readCurves(claim.id);
  for (const record of readEvidence(claim.id, 'committed')) {
    const curve = known.has(record.id) ? null : curveOf(record);
    if (!curve) continue;
    const [disagrees] = curveFindings(record, curve);
    if (disagrees) {
      keeping.noted.push({ name: runName(record), reason: `no curve is kept: ${disagrees.sentence}` });
      continue;
    }
    keepCurve(curve);
    keeping.curves++;
  }
}

/**
 * A search is taken as a whole: while some of its models are still to be tried as the others were, it waits. Trials of
 * claims that share runs are a part of it, and are taken by their own claim.
 */
function keepTrials(claim: TrainingClaim, keeping: Keeping): void {
  const committed = readTrials(claim.id, 'committed');
  const own = fresh(readTrials(claim.id, 'own'), committed);
  const clean = own.filter((trial) => {
    const name = [claim.id, 'search', trial.task, trial.model, trial.setting, `rate ${trial.rate} seed ${trial.seed}`];
    return acceptable(keeping, name.filter(Boolean).join(' '), trial, trialFindings(claim, trial));
  });
  const shared = [...trialsOf(claim, 'committed'), ...trialsOf(claim, 'own')].filter((one) => one.claim !== claim.id);
  const whole = new Map([...shared, ...committed, ...clean].map((trial) => [trial.id, trial]));
  for (const search of searches([...whole.values()])) {
    const added = search.trials.filter((trial) => clean.includes(trial));
    if (!added.length) continue;
    const found = searchFindings(claim, search, false);
    if (found.length) {
      const name = [claim.id, 'search', search.task, search.scale, search.setting, `of ${search.steps} steps`];
      const reason = `${found[0].sentence}; its ${added.length} new trials wait for the rest`;
      keeping.refused.push({ name: name.filter(Boolean).join(' '), reason, wrong: false });
      continue;
    }
    for (const trial of added) appendRecord(join(evidenceFolders().committed, 'searches', `${claim.id}.jsonl`), trial);
    keeping.trials += added.length;
  }
}

function keepMeasured(claim: MeasurementClaim): Keeping {
  const keeping = nothing(claim);
  for (const record of fresh(readMeasurements(claim.id, 'own'), readMeasurements(claim.id, 'committed'))) {
    const name = `${claim.id} ${record.scale} ${record.time.slice(0, 16)}`;
    if (!acceptable(keeping, name, record, measurementFindings(claim, record))) continue;
    appendRecord(fileOf(claim.id), record);
    keeping.measurements++;
  }
  return keeping;
}
