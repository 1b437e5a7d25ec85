/** Measured rows beside the published numbers, as tables and files. */
import { extname } from 'node:path';
import type { MeasuredRow, MeasurementEvidence } from '../../results/measurement.ts';
import { findRow } from '../../results/published/published.ts';
import type { Row } from '../../results/record.ts';
import { appendRecord } from '../../results/store.ts';
import { type Column, render } from '../../results/tables.ts';
import { showLength } from '../../results/terminal/options.ts';
import { type Scale, scales } from '../claim.ts';
import { writeAtomically } from '../data/cache.ts';
import type { MeasurementClaim } from './measurement.ts';
import { type MeasuredVerdict, measuredVerdict, publishedCell, showPublished, showValue } from './verdict.ts';

export interface MeasuredSummary extends MeasuredRow {
  scale: Scale;
  published: string;
  device: string;
  verdict: MeasuredVerdict;
}

/** `cpu (AMD EPYC), 2 threads, avx512`; a software driver says so. */
export function deviceName({ device }: MeasurementEvidence): string {
  const threads = device.threads ? `, ${device.threads} thread${device.threads === 1 ? '' : 's'}` : '';
  const isa = device.id === 'cpu' && device.features[0] ? `, ${device.features[0]}` : '';
  return `${device.id} (${device.name})${threads}${isa}${device.software ? ', a software driver' : ''}`;
}

export const summariesOf = (claim: MeasurementClaim, evidence: MeasurementEvidence): MeasuredSummary[] => {
  const device = deviceName(evidence);
  return evidence.rows.map((row) => ({
    ...row,
    scale: evidence.scale,
    published: showPublished(publishedCell(claim, row)),
    device,
    verdict: measuredVerdict(claim, row, evidence.scale, device),
  }));
};

/** The last measurement of every scale, configuration and processor. */
export function latest(all: readonly MeasurementEvidence[]): MeasurementEvidence[] {
  const last = new Map<string, MeasurementEvidence>();
  for (const e of all) {
    const key = [e.scale, e.config_hash, e.device.name].join(' ');
    const known = last.get(key);
    if (!known || known.time <= e.time) last.set(key, e);
  }
  return [...last.values()];
}

const columns: Column[] = [
  { key: 'case', title: 'case' },
  { key: 'length', title: 'length', align: 'right' },
  { key: 'system', title: 'system' },
  { key: 'published', title: 'published', align: 'right' },
  { key: 'ours', title: 'ours', align: 'right' },
  { key: 'verdict', title: 'verdict' },
];

/** A row of `repro list` for every published cell of the claim: the last measurement of each scale. */
export function listRows(claim: MeasurementClaim, all: readonly MeasurementEvidence[]): Row[] {
  const known = latest(all).flatMap((evidence) => summariesOf(claim, evidence));
  return Object.entries(claim.cases).flatMap(([id, { title, targets = {} }]) =>
    Object.entries(targets).map(([system, target]): Row => {
      const mine = known.filter((s) => s.case === id && s.system === system && s.published !== '-');
      const ours = scales.map((scale) => mine.findLast((s) => s.scale === scale));
      return {
        claim: claim.id,
        source: `arXiv ${claim.paper.arxiv}`,
        task: `${title}: ${claim.systems[system]}`,
        published: showPublished({ target, row: findRow(claim.published, target.model, target.task) }),
        ...Object.fromEntries(scales.map((scale, i) => [scale, ours[i] ? showValue(ours[i]) : '-'])),
        verdict: ours.findLast((s) => s)?.verdict.kind ?? 'not run',
      };
    }),
  );
}

const caseName = (claim: MeasurementClaim, row: MeasuredRow): string => claim.cases[row.case]?.title ?? row.case;
const systemName = (claim: MeasurementClaim, row: MeasuredRow): string => claim.systems[row.system] ?? row.system;
const lengthName = ({ length }: MeasuredRow): string => (length === null ? '-' : showLength(length));

const rowOf = (claim: MeasurementClaim, s: MeasuredSummary): Row => ({
  case: caseName(claim, s),
  length: lengthName(s),
  system: systemName(claim, s),
  published: s.published,
  ours: showValue(s),
  verdict: s.verdict.kind,
});

/** A row of the table of all claims, under its columns for training runs. */
export const tableRow = (claim: MeasurementClaim, s: MeasuredSummary): Row => ({
  task: s.length === null ? caseName(claim, s) : `${caseName(claim, s)}, ${lengthName(s)}`,
  model: systemName(claim, s),
  metric: s.unit,
  published: s.published,
  ours: showValue(s),
  guess: null,
  scale: s.scale,
  data: `measured on ${s.device}`,
  parameters: null,
  steps: null,
  verdict: s.verdict.kind,
});

function notesOf(claim: MeasurementClaim, evidence: MeasurementEvidence, all: readonly MeasuredSummary[]): string[] {
  const judged = all.filter((s) => s.published !== '-' || evidence.scale === 'smoke');
  const sentences = judged.map((s) =>
    evidence.scale === 'smoke' && s.verdict.kind === 'partial scale'
      ? `${s.verdict.sentence[0].toUpperCase()}${s.verdict.sentence.slice(1)}.`
      : `${caseName(claim, s)}, ${systemName(claim, s)}: ${s.verdict.sentence}.`,
  );
  return [`Criterion: ${claim.criterion}.`, ...new Set(sentences), ...claim.notes(evidence.rows, evidence.scale)];
}

export function showMeasurement(
  claim: MeasurementClaim,
  evidence: MeasurementEvidence,
  format: 'table' | 'md',
): string {
  const all = summariesOf(claim, evidence);
  const rows = all.map((s) => rowOf(claim, s));
  const where = `${claim.id}, ${evidence.scale} scale, measured on ${deviceName(evidence)} in ${evidence.seconds.toFixed(0)} s.`;
  return render(rows, columns, format, [where, ...notesOf(claim, evidence, all)]);
}

/** Keeps a measurement in a file: .csv, .md and .json as such, anything else as records (JSON Lines). */
export function keepMeasurement(file: string, claim: MeasurementClaim, evidence: MeasurementEvidence): void {
  const write = (text: string) => writeAtomically(file, [new TextEncoder().encode(`${text}\n`)]);
  const rows = () => summariesOf(claim, evidence).map((s) => rowOf(claim, s));
  const kind = extname(file);
  if (kind === '.csv') write(render(rows(), columns, 'csv'));
  else if (kind === '.md') write(showMeasurement(claim, evidence, 'md'));
  else if (kind === '.json') write(JSON.stringify(measurementJson(claim, evidence), null, 1));
  else appendRecord(file, evidence);
}

export const measurementJson = (claim: MeasurementClaim, evidence: MeasurementEvidence) => ({
  claim: claim.id,
  evidence,
  summary: summariesOf(claim, evidence),
});
