/** The section of a claim that is measured. */
import type { MeasurementEvidence } from '../../results/measurement.ts';
import { findRow, loadPublished } from '../../results/published/published.ts';
import { showLength } from '../../results/terminal/options.ts';
import { showDuration } from '../../results/terminal/output.ts';
import type { MeasuredResults } from '../claim-results.ts';
import type { MeasurementClaim } from '../measure/measurement.ts';
import { deviceName, type MeasuredSummary, summariesOf } from '../measure/results.ts';
import { showPublished, showValue } from '../measure/verdict.ts';
import { blocks, bullets, folded, plain, sentence, table } from './markdown.ts';
import { measuringCommands } from './rerun.ts';
import { commands, head, keptIn, shown } from './section.ts';

export function measuredSection(results: MeasuredResults): string {
  const { claim, measurements } = results;
  if (!measurements.length)
    return blocks(head(results), publishedNumbers(claim), commands('Not run yet:', [`repro ${claim.id} --scale desk`]));
  return blocks(
    head(results),
    shown(claim),
    ...measurements.map((evidence) => measurement(claim, evidence)),
    plain(`The published numbers are of ${hardwareOf(claim)}.`),
    commands('To run it again:', measuringCommands(results)),
    keptIn(claim.id, 'measurement', measurements),
  );
}

const columns = [
  { title: 'case' },
  { title: 'length', right: true },
  { title: 'system' },
  { title: 'published', right: true },
  { title: 'ours', right: true },
  { title: 'verdict' },
];

function measurement(claim: MeasurementClaim, evidence: MeasurementEvidence): string {
  const all = summariesOf(claim, evidence);
  const judged = all.filter(({ published }) => published !== '-');
  const rest = all.filter(({ published }) => published === '-');
  const where = `${evidence.scale} scale on ${deviceName(evidence)}, ${evidence.time.slice(0, 10)}, in ${showDuration(evidence.seconds)}`;
  const rows = (some: readonly MeasuredSummary[]) =>
    table(
      columns,
      some.map((s) => cells(claim, s)),
    );
  return blocks(
    `Measured at ${plain(where)}; 95 % intervals over interleaved rounds.`,
    judged.length ? rows(judged) : '',
    bullets(claim.notes(evidence.rows, evidence.scale).map((note) => sentence(plain(note)))),
    rest.length ? folded(`Everything else that was measured: ${rest.length} rows`, rows(rest)) : '',
  );
}

const cells = (claim: MeasurementClaim, s: MeasuredSummary): string[] => [
  plain(claim.cases[s.case]?.title ?? s.case),
  s.length === null ? '-' : showLength(s.length),
  plain(claim.systems[s.system] ?? s.system),
  plain(s.published),
  plain(showValue(s)),
  plain(s.verdict.kind),
];

/** Every number of the paper that is judged. */
function publishedNumbers(claim: MeasurementClaim): string {
  const numbers = Object.values(claim.cases).flatMap(({ title, targets = {} }) => {
    const own = Object.entries(targets).map(([system, target]) => {
      const row = findRow(claim.published, target.model, target.task);
      return `${claim.systems[system]} ${showPublished({ target, row })}`;
    });
    return own.length ? [`${title}: ${own.join(', ')}`] : [];
  });
  return plain(`Published, of ${hardwareOf(claim)}: ${numbers.join('; ')}.`);
}

const hardwareOf = (claim: MeasurementClaim): string => loadPublished(claim.published).hardware ?? 'an unnamed machine';
