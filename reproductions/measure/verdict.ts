/** What a measured row says about the published number. */
import type { MeasuredRow } from '../../results/measurement.ts';
import { findRow, formatRow, loadPublished, rowConfidence } from '../../results/published/published.ts';
import type { PublishedRow } from '../../results/published/schema.ts';
import { show, showInterval } from '../../results/tables.ts';
import type { Scale } from '../claim.ts';
import type { MeasuredCase, MeasurementClaim, Target } from './measurement.ts';

/**
 * reproduced, contradicted: of what no device decides. measured here: of what the device decides; the published number
 * is of another one, so at most its direction is shared. The others say why the row cannot tell.
 */
const measuredVerdicts = [
  'reproduced',
  'contradicted',
  'measured here: same direction',
  'measured here: other direction',
  'measured here: unclear',
  'measured here',
  'partial scale',
] as const;
export interface MeasuredVerdict {
  kind: (typeof measuredVerdicts)[number];
  sentence: string;
}

export interface Published {
  target: Target;
  row: PublishedRow;
}

/** The published cell of a row; null: the paper has none for this system or this length. */
export function publishedCell(claim: MeasurementClaim, row: MeasuredRow): Published | null {
  const target = claim.cases[row.case]?.targets?.[row.system];
  if (!target || !covers(target, row.length)) return null;
  return { target, row: findRow(claim.published, target.model, target.task) };
}

function covers({ lengths }: Target, length: number | null): boolean {
  return !lengths || (length !== null && length >= lengths.least && length <= lengths.most);
}

/** `7.2x [6.9, 7.5]`, `1.9 GB`, `262144 parameters`. */
export function showValue(row: Pick<MeasuredRow, 'value' | 'low' | 'high' | 'unit'>): string {
  const { value, low, high, unit } = row;
  if (unit === 'bytes') return value >= 1e9 ? `${show(value / 1e9, 4)} GB` : `${show(value / 1e6, 4)} MB`;
  if (unit === 'x') return showInterval(value, low, high, 'x');
  const number = low === null && Number.isInteger(value) ? String(value) : showInterval(value, low, high);
  return unit === 'none' ? number : `${number} ${unit}`;
}

/** `7.2x (second hand)`, `20 GB`: as published. */
export function showPublished(found: Published | null): string {
  if (!found) return '-';
  const { row } = found;
  if (row.value === null) return found.target.inWords ? `in words: ${found.target.inWords}` : formatRow(row);
  const [number, ...mark] = formatRow(row).split(' (');
  const unit = row.unit === 'none' ? '' : row.unit === 'x' ? 'x' : ` ${row.unit}`;
  return [`${number}${unit}`, ...mark].join(' (');
}

/** `device`: where the row was measured, in words. */
export function measuredVerdict(
  claim: MeasurementClaim,
  row: MeasuredRow,
  scale: Scale,
  device: string,
): MeasuredVerdict {
  const asked = claim.cases[row.case];
  const found = publishedCell(claim, row);
  const ours = showValue(row);
  const ofDevice = asked.judged !== 'exact' && asked.judged !== 'sample';
  if (scale === 'smoke' && ofDevice)
    return {
      kind: 'partial scale',
      sentence: 'smoke scale: shows that the measurement runs, and says nothing about a speed or a size',
    };
  if (!found) return { kind: 'measured here', sentence: `${ours}, measured on ${device}` };
  const against = `${ours} against ${showPublished(found)}${doubt(found.row)}`;
  if (!ofDevice) return settled(asked, row, found.row, against);
  const { hardware } = loadPublished(claim.published);
  const sentence = `${against}; measured on ${device}, published of ${hardware ?? 'a GPU that is not named'}`;
  return { kind: direction(asked, row, found), sentence };
}

const doubt = (row: PublishedRow): string =>
  row.value !== null && rowConfidence(row) !== 'confirmed' ? '; the published number itself is not confirmed' : '';

/** What no device decides. */
function settled(asked: MeasuredCase, row: MeasuredRow, published: PublishedRow, against: string): MeasuredVerdict {
  const { value } = published;
  if (value === null) return { kind: 'measured here', sentence: `${against}: there is no published number` };
  const holds =
    asked.judged === 'exact'
      ? row.value === value
      : row.low !== null && row.high !== null && value >= row.low && value <= row.high;
  return {
    kind: holds ? 'reproduced' : 'contradicted',
    sentence: `${against}: ${asked.judged === 'exact' ? 'no device decides it' : 'another draw of the same is expected within the interval'}`,
  };
}

function direction({ judged }: MeasuredCase, row: MeasuredRow, { target, row: published }: Published) {
  const [low, high] = [row.low ?? row.value, row.high ?? row.value];
  if (judged === 'ceiling' && published.value !== null)
    return high <= inBytes(published)
      ? 'measured here: same direction'
      : low > inBytes(published)
        ? 'measured here: other direction'
        : 'measured here: unclear';
  const above = target.inWords === 'above 1' || (published.value !== null && published.value > 1);
  const below = published.value !== null && published.value < 1;
  if (judged !== 'ratio' || !(above || below)) return 'measured here';
  if (low <= 1 && high >= 1) return 'measured here: unclear';
  return low > 1 === above ? 'measured here: same direction' : 'measured here: other direction';
}

/** Published memory is in GB of 1e9 bytes. */
export function inBytes({ value, unit }: PublishedRow): number {
  if (value === null) throw new RangeError('there is no published number');
  if (unit !== 'GB') throw new RangeError(`a published memory in ${unit}, not GB`);
  return value * 1e9;
}
