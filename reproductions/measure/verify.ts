/** Reading the evidence of a measurement again: hashes, rows from observations, records, and what is believable. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type MeasurementEvidence, observationsHash } from '../../results/measurement.ts';
import { runsFolder } from '../../results/provenance.ts';
import { canonical, configHash } from '../../results/record.ts';
import { readRecords } from '../../results/store.ts';
import type { Finding } from '../verify.ts';
import type { MeasurementClaim } from './measurement.ts';
import { recordHash, type SuiteObservation, suiteObservations } from './suite.ts';
import { publishedCell, showPublished, showValue } from './verdict.ts';

/** Times the published ratio beyond which ours is suspicious. */
const TOO_GOOD = 5;
/** Above the measured ceilings by more than their own noise. */
const OVER_THE_ROOF = 1.1;

/** What is wrong with a record; nothing: it holds. */
export function measurementFindings(claim: MeasurementClaim, evidence: MeasurementEvidence): Finding[] {
  const found: Finding[] = [];
  const wrong = (condition: boolean, sentence: string) => {
    if (condition) found.push({ kind: 'wrong', sentence });
  };
  const suspicious = (condition: boolean, sentence: string) => {
    if (condition) found.push({ kind: 'suspicious', sentence });
  };
  const { config, observations, rows, scale, host } = evidence;
  wrong(configHash(config) !== evidence.config_hash, 'the hash of its configuration does not match');
  wrong(observationsHash(observations) !== evidence.observations_hash, 'the hash of its observations does not match');
  wrong(config.scale !== scale || config.claim !== claim.id, 'claim or scale are not those of its configuration');
  suspicious(
    canonical(config.runs) !== canonical(claim.runs[scale]),
    'it was measured with other suites or options than the claim now has',
  );
  wrong(!same(rebuilt(claim, evidence), rows), 'its rows do not follow from its observations');
  for (const row of rows) {
    const name = `${row.case} of ${row.system}`;
    wrong(!(row.case in claim.cases), `the claim has no case ${row.case}`);
    wrong(!(row.system in claim.systems), `the claim has no system ${row.system}`);
    wrong(row.case in claim.cases && claim.cases[row.case].unit !== row.unit, `${name} is in ${row.unit}`);
    wrong(!inside(row), `${name}: ${row.value} is not above zero and in its interval`);
    suspicious(
      tooGood(claim, row),
      `${name}: ${showValue(row)} is more than ${TOO_GOOD} times the published ${row.case in claim.cases ? showPublished(publishedCell(claim, row)) : ''}`,
    );
  }
  for (const sentence of claim.impossible?.(rows) ?? []) wrong(true, sentence);
  for (const o of suiteObservations(observations)) found.push(...ofSuite(o));
  found.push(...againstRecords(claim, evidence));
  const busy = host.load[0] > 0.5 * host.cores;
  suspicious(
    scale !== 'smoke' && busy,
    `the machine was busy when it began: a load of ${host.load[0].toFixed(1)} on ${host.cores} cores`,
  );
  return found;
}

/** Equal up to what another runtime's logarithms and exponentials change. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= 1e-9 * Math.abs(b);
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  const [x, y] = [a, b] as Record<string, unknown>[];
  const keys = Object.keys(x);
  return keys.length === Object.keys(y).length && keys.every((key) => key in y && same(x[key], y[key]));
}

function rebuilt(claim: MeasurementClaim, { observations, scale }: MeasurementEvidence): unknown {
  try {
    return JSON.parse(JSON.stringify(claim.rows(observations, scale)));
  } catch (e) {
    return (e as Error).message;
  }
}

/** Up to rounding: the limits of an interval of no width are the same number computed in another way. */
function inside({ value, low, high }: MeasurementEvidence['rows'][number]): boolean {
  const slack = 1e-9 * value;
  return value > 0 && (low === null || low <= value + slack) && (high === null || high >= value - slack);
}

function tooGood(claim: MeasurementClaim, row: MeasurementEvidence['rows'][number]): boolean {
  if (claim.cases[row.case]?.judged !== 'ratio') return false;
  const value = publishedCell(claim, row)?.row.value;
  return typeof value === 'number' && value > 1 && row.value > TOO_GOOD * value;
}

function ofSuite(o: SuiteObservation): Finding[] {
  const name = `${o.suite} ${o.row.candidate ?? o.row.model} at ${o.row.length ?? '-'}`;
  const found: Finding[] = [];
  const wrong = (sentence: string) => found.push({ kind: 'wrong', sentence: `${name}: ${sentence}` });
  const times = o.rounds.flat();
  if (!times.length || times.some((t) => !(t > 0))) wrong('a time is not above zero');
  if (o.error && !(o.error.value <= o.error.tolerance)) wrong('it disagreed with the float64 reference');
  if (typeof o.row.roofline === 'number' && o.row.roofline > OVER_THE_ROOF)
    found.push({ kind: 'suspicious', sentence: `${name}: faster than the ceilings measured in the same run` });
  return found;
}

/** The suites' own records, where they are still on this machine. */
function againstRecords(claim: MeasurementClaim, { observations, scale }: MeasurementEvidence): Finding[] {
  const root = join(runsFolder(), 'repro', claim.id, scale);
  if (!existsSync(root)) return [];
  const files = readdirSync(root, { recursive: true })
    .map(String)
    .filter((f) => f.endsWith('.jsonl') && f.includes('measurement-'));
  const hashes = new Map(
    files.flatMap((f) => readRecords(join(root, f)).records).map((r) => [r.id, recordHash(r)] as const),
  );
  return suiteObservations(observations)
    .filter((o) => hashes.has(o.record) && hashes.get(o.record) !== o.sha256)
    .map((o) => ({ kind: 'wrong', sentence: `the record ${o.record} of ${o.suite} says something else now` }));
}
