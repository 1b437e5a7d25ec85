/** Rows out of the records of suites: times, ratios of candidates that were measured side by side, and their means. */
import type { MeasuredRow } from '../../results/measurement.ts';
import type { Scalar } from '../../results/record.ts';
import { type Interval, median, ratioOf, tInterval, timeOf } from '../../results/statistics.ts';
import type { SuiteObservation } from './suite.ts';

/** Which of the records: fields of their rows, such as `{ pass: 'forward' }`, and the suite. */
export interface Where {
  suite?: string;
  [field: string]: Scalar | undefined;
}

export const matches = (o: SuiteObservation, where: Where): boolean =>
  Object.entries(where).every(
    ([key, value]) => value === undefined || (key === 'suite' ? o.suite : o.row[key]) === value,
  );

const candidateOf = (o: SuiteObservation): Scalar => o.row.candidate ?? o.row.model;
const lengthOf = (o: SuiteObservation): number | null => (typeof o.row.length === 'number' ? o.row.length : null);

/** Candidates that were measured in the same rounds, by id. */
function groups(all: readonly SuiteObservation[]): Map<Scalar, SuiteObservation>[] {
  const found = new Map<string, Map<Scalar, SuiteObservation>>();
  for (const o of all) {
    const key = JSON.stringify([o.suite, o.time, o.row.length, o.row.pass ?? o.row.answer ?? null]);
    const group = found.get(key) ?? new Map<Scalar, SuiteObservation>();
    group.set(candidateOf(o), o);
    found.set(key, group);
  }
  return [...found.values()];
}

const inMs = (o: SuiteObservation): number => timeOf(o.rounds).estimate;

export interface Ratio extends Interval {
  length: number | null;
  details: MeasuredRow['details'];
  /** Logarithm of the ratio in every round. */
  logs: number[];
}

/** How many times as fast `subject` is as `rival`, wherever both were measured side by side. */
export function speedups(all: readonly SuiteObservation[], subject: string, rival: string, where: Where = {}): Ratio[] {
  return groups(all.filter((o) => matches(o, where))).flatMap((group) => {
    const [ours, other] = [group.get(subject), group.get(rival)];
    if (!ours || !other) return [];
    const rounds = Math.min(ours.rounds.length, other.rounds.length);
    const logs = Array.from({ length: rounds }, (_, r) => Math.log(median(other.rounds[r]) / median(ours.rounds[r])));
    const details = { over: rival, ms: inMs(ours), [`ms of ${rival}`]: inMs(other), rounds };
    return [{ ...ratioOf(other.rounds, ours.rounds), length: lengthOf(ours), details, logs }];
  });
}

/** The geometric mean of ratios over their groups, with the interval of the rounds' means. */
export function meanOf(ratios: readonly Ratio[]): Interval | null {
  if (!ratios.length) return null;
  const rounds = Math.min(...ratios.map((r) => r.logs.length));
  const logs = Array.from(
    { length: rounds },
    (_, r) => ratios.reduce((sum, ratio) => sum + ratio.logs[r], 0) / ratios.length,
  );
  const { estimate, low, high } = tInterval(logs);
  return {
    estimate: Math.exp(estimate),
    low: low === null ? null : Math.exp(low),
    high: high === null ? null : Math.exp(high),
  };
}

/** A row of a ratio. */
export const ratioRow = (id: string, system: string, ratio: Interval & Partial<Ratio>): MeasuredRow => ({
  case: id,
  system,
  length: ratio.length ?? null,
  ...{ value: ratio.estimate, low: ratio.low, high: ratio.high },
  unit: 'x',
  details: ratio.details ?? {},
});

/** Times in ms, one row for each record. */
export const timeRows = (id: string, all: readonly SuiteObservation[], where: Where = {}): MeasuredRow[] =>
  all
    .filter((o) => matches(o, where))
    .map((o) => {
      const { estimate, low, high } = timeOf(o.rounds);
      return {
        case: id,
        system: String(candidateOf(o)),
        length: lengthOf(o),
        ...{ value: estimate, low, high, unit: 'ms' },
        details: { peak_bytes: o.row.peak_bytes ?? null, rounds: o.rounds.length },
      };
    });

/** Peak bytes of `rival` over those of `subject`, wherever both were measured side by side. */
export function savings(
  all: readonly SuiteObservation[],
  subject: string,
  rival: string,
  where: Where = {},
): { length: number | null; value: number; details: MeasuredRow['details'] }[] {
  return groups(all.filter((o) => matches(o, where))).flatMap((group) => {
    const [ours, other] = [group.get(subject), group.get(rival)].map((o) => o?.row.peak_bytes);
    const length = group.get(subject)?.row.length;
    return typeof ours === 'number' && typeof other === 'number' && ours > 0
      ? [
          {
            length: typeof length === 'number' ? length : null,
            value: other / ours,
            details: { over: rival, bytes: ours, [`bytes of ${rival}`]: other },
          },
        ]
      : [];
  });
}

/** The length from which on the ratio is above 1, on a straight line of logarithms between measured lengths. */
export function crossing(ratios: readonly Ratio[]): number | null {
  const points = ratios
    .flatMap((r) => (r.length === null ? [] : [{ x: Math.log(r.length), y: Math.log(r.estimate) }]))
    .sort((a, b) => a.x - b.x);
  for (const [i, b] of points.entries()) {
    const a = points[i - 1];
    if (a && a.y <= 0 && b.y > 0) return Math.exp(a.x + ((b.x - a.x) * -a.y) / (b.y - a.y));
  }
  return null;
}
