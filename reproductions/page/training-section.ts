/** The section of a claim that trains. */
import { formatRow } from '../../results/published/published.ts';
import { mean } from '../../results/statistics.ts';
import { showDuration } from '../../results/terminal/output.ts';
import { readTrials } from '../../results/trials.ts';
import type { TrainingClaim } from '../claim.ts';
import type { TrainingResults } from '../claim-results.ts';
import { publishedFor, type Summary, showNumber, showSteps } from '../results.ts';
import { showMean, simpleMethods } from '../results-table.ts';
import { blocks, bullets, folded, plain, sentence, table } from './markdown.ts';
import { trainingCommands } from './rerun.ts';
import { commands, head, keptIn, shown } from './section.ts';

export interface Chart {
  /** In the folder of charts. */
  file: string;
  /** For those who cannot see it. */
  what: string;
}

export function trainingSection(results: TrainingResults, charts: readonly Chart[]): string {
  const { claim, summaries, runs, compared } = results;
  if (!summaries.length) return blocks(head(results), publishedNumbers(claim), firstRun(claim));
  const own = runs.filter((run) => run.claim === claim.id);
  const others = [...new Set(runs.filter((run) => run.claim !== claim.id).map((run) => run.claim))];
  const trials = readTrials(claim.id, 'committed').length;
  return blocks(
    head(results),
    shown(claim),
    rows(claim, summaries),
    bullets([
      ...verdicts(claim, summaries),
      ...beside(claim, summaries),
      ...simpleMethods(claim, summaries).map(plain),
      ...new Set(summaries.filter(({ dataKind }) => dataKind.includes(':')).map((s) => `Data: ${plain(s.dataKind)}.`)),
    ]),
    compared.length
      ? blocks(
          'Comparisons, paired by seed:',
          bullets(compared.map(({ verdict }) => `**${verdict.kind}**: ${sentence(plain(verdict.sentence))}`)),
        )
      : '',
    ...charts.map(({ file, what }) => `![${what}](charts/claims/${file})`),
    kernels(results),
    publishedNumbers(claim),
    commands('To run it again:', trainingCommands(results)),
    [
      ...(own.length ? [keptIn(claim.id, 'run', own)] : []),
      ...others.map((id) => `Runs of ${id} that are runs of this claim too: ${runs.length - own.length}.`),
      ...(trials ? [`Rates were chosen on validation data; all ${trials} trials are kept in evidence/searches.`] : []),
    ].join(' '),
  );
}

/** The command for whoever wants to be the first. */
const firstRun = ({ id }: TrainingClaim): string => commands('Not run yet:', [`repro ${id} --scale desk`]);

const columns = [
  { title: 'task' },
  { title: 'model' },
  { title: 'published', right: true },
  { title: 'ours', right: true },
  { title: 'seeds', right: true },
  { title: 'without learning', right: true },
  { title: 'scale, data' },
  { title: 'steps', right: true },
  { title: 'parameters', right: true },
  { title: 'training', right: true },
  { title: 'verdict' },
];

function rows(claim: TrainingClaim, summaries: readonly Summary[]): string {
  const metrics = [...new Set(summaries.map(({ metric }) => (metric === 'accuracy' ? 'accuracy in %' : metric)))];
  const cells = summaries.map((s) => [
    plain(claim.tasks[s.task]),
    plain(claim.models[s.model].title),
    s.published ? plain(formatRow(s.published)) : '-',
    plain(showMean(s)),
    String(s.values.length),
    showNumber(s.metric, s.guess),
    plain(`${s.scale}, ${s.dataKind.split(':')[0]}${s.departures.length ? ', another configuration' : ''}`),
    showSteps(s),
    String(s.parameters),
    showDuration(s.seconds),
    plain(s.verdict.kind),
  ]);
  const what = `Test ${metrics.join(' and ')} at the best validation step; mean and 95 % interval over seeds.`;
  return blocks(what, table(columns, cells));
}

/** Each sentence once, with the rows that it is about: none are named when it is about all of their scale. */
function verdicts(claim: TrainingClaim, summaries: readonly Summary[]): string[] {
  return [...new Set(summaries.map(({ verdict }) => verdict.sentence))].map((words) => {
    const own = summaries.filter(({ verdict }) => verdict.sentence === words);
    const scales = new Set(own.map(({ scale }) => scale));
    const all = scales.size === 1 && summaries.filter(({ scale }) => scales.has(scale)).length === own.length;
    return plain(all ? sentence(words) : `${rowNames(claim, own)}: ${words}.`);
  });
}

/** `H3, S4D on Associative recall; H3 on Induction head`. */
function rowNames(claim: TrainingClaim, rows: readonly Summary[]): string {
  const tasks = [...new Set(rows.map(({ task }) => task))];
  const models = (task: string) => rows.filter((s) => s.task === task).map(({ model }) => claim.models[model].title);
  return tasks.map((task) => `${models(task).join(', ')} on ${claim.tasks[task]}`).join('; ');
}

/** Bits per byte, distances from the best possible error. */
const beside = (claim: TrainingClaim, summaries: readonly Summary[]): string[] =>
  summaries.flatMap((s) =>
    s.beside ? [plain(`${claim.models[s.model].title} on ${claim.tasks[s.task]}, ${s.scale}: ${s.beside}.`)] : [],
  );

/** What the paper says of its model, task by task. */
function publishedNumbers(claim: TrainingClaim): string {
  const numbers = Object.entries(claim.tasks).flatMap(([task, name]) => {
    const row = publishedFor(claim, task, claim.subject);
    return row ? [`${name}: ${formatRow(row)}`] : [];
  });
  return numbers.length ? plain(`Published of ${claim.models[claim.subject].title}, ${numbers.join('; ')}.`) : '';
}

const kernelColumns = [
  { title: 'task' },
  { title: 'model' },
  { title: 'scale' },
  { title: 'roughness', right: true },
  { title: 'first 1/16', right: true },
  { title: 'last 1/2', right: true },
  { title: 'taps that are 0', right: true },
];

/** What the kernels have become: means over blocks and seeds. */
function kernels({ claim, summaries, runs }: TrainingResults): string {
  const cells = summaries.flatMap((s) => {
    const same = runs.filter((run) => run.task === s.task && run.model === s.model && run.scale === s.scale);
    const all = same.flatMap((run) => run.kernels ?? []);
    if (!all.length) return [];
    const of = (pick: 'roughness' | 'early' | 'late' | 'zeros') => mean(all.map((kernel) => kernel[pick]));
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    return [
      [
        ...[plain(claim.tasks[s.task]), plain(claim.models[s.model].title), s.scale, of('roughness').toFixed(3)],
        ...[of('early'), of('late'), of('zeros')].map(percent),
      ],
    ];
  });
  const meaning =
    "Roughness: the power of the differences of neighbouring taps over twice the taps' power, 1 for independent taps, near 0 for a smooth curve. The next two are shares of the power in those parts of the kernel; means over blocks and seeds.";
  return cells.length ? folded('The learned kernels', blocks(table(kernelColumns, cells), meaning)) : '';
}
