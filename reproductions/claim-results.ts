/** Everything that evidence says about one claim: with this machine's own, or what is committed alone. */
import { type Evidence, readEvidence } from '../results/evidence.ts';
import { type MeasurementEvidence, readMeasurements } from '../results/measurement.ts';
import { type Claim, scales, type TrainingClaim } from './claim.ts';
import { type Compared, comparisonsOf } from './comparison.ts';
import { evidenceOf } from './evidence-of.ts';
import type { MeasurementClaim } from './measure/measurement.ts';
import { latest, type MeasuredSummary, summariesOf } from './measure/results.ts';
import { type Summary, summaries } from './results.ts';

export interface TrainingResults {
  kind: 'training';
  claim: TrainingClaim;
  runs: Evidence[];
  /** Paper scale first, then in the order of the claim's tasks and models. */
  summaries: Summary[];
  compared: Compared[];
}

export interface MeasuredResults {
  kind: 'measurement';
  claim: MeasurementClaim;
  /** The last measurement of every scale, configuration and processor; paper scale first. */
  measurements: MeasurementEvidence[];
  summaries: MeasuredSummary[];
}

export type ClaimResults = TrainingResults | MeasuredResults;

export const resultsOf = (claim: Claim, from: 'committed' | 'both'): ClaimResults =>
  claim.kind === 'training' ? trained(claim, from) : measured(claim, from);

function trained(claim: TrainingClaim, from: 'committed' | 'both'): TrainingResults {
  const runs = evidenceOf(claim, (id) => readEvidence(id, from));
  const [tasks, models] = [Object.keys(claim.tasks), Object.keys(claim.models)];
  const place = (s: Summary) => [-scales.indexOf(s.scale), tasks.indexOf(s.task), models.indexOf(s.model), s.steps[1]];
  const all = summaries(claim, runs).sort((a, b) => ascending(place(a), place(b)));
  return { kind: 'training', claim, runs, summaries: all, compared: comparisonsOf(claim, all) };
}

function measured(claim: MeasurementClaim, from: 'committed' | 'both'): MeasuredResults {
  const measurements = latest(readMeasurements(claim.id, from)).sort(
    (a, b) => scales.indexOf(b.scale) - scales.indexOf(a.scale) || (a.time < b.time ? -1 : 1),
  );
  const all = measurements.flatMap((evidence) => summariesOf(claim, evidence));
  return { kind: 'measurement', claim, measurements, summaries: all };
}

/** Compares lists of numbers by their first difference. */
function ascending(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
}
