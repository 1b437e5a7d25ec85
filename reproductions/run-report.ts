/** What a run shows of itself when it has ended: its curves, its test, and where its pictures are. */
import { join } from 'node:path';
import type { TrainingClaim } from './claim.ts';
import { plot } from './curve.ts';
import type { JobResult } from './jobs.ts';
import { inUnit, showNumber } from './results.ts';
import { type EvaluationLine, Journal, type JournalLine, type StepLine } from './train/journal.ts';
import type { Metric } from './train/metrics.ts';

/** The curves of a run, from its journal. */
export function showRun(claim: TrainingClaim, { folder, evidence }: JobResult): string {
  const lines = new Journal(join(folder, 'journal.jsonl')).read();
  const steps = lines.filter((line) => line.event === 'step');
  const evaluations = lines.filter(
    (line): line is EvaluationLine => line.event === 'evaluation' && line.split === 'validation',
  );
  if (!steps.length) return '';
  const loss = { x: steps.map((s) => s.step), y: steps.map((s) => s.loss) };
  const metric = evidence?.metric ?? metricOf(lines);
  const value = {
    x: evaluations.map((e) => e.step),
    y: evaluations.map((e) => inUnit(metric, e.value)),
  };
  const name = evidence
    ? `${claim.tasks[evidence.task]}, ${claim.models[evidence.model].title}, seed ${evidence.seed}`
    : '';
  const level = (value: number | null | undefined) => (typeof value === 'number' ? { level: value } : {});
  const text = [
    plot(`Training loss ${name}`.trim(), loss, level(evidence?.guess.loss)),
    plot(
      `Validation ${metric === 'accuracy' ? 'accuracy, %' : metric} ${name}`.trim(),
      value,
      level(evidence && inUnit(metric, evidence.guess.value)),
    ),
  ];
  if (evidence) {
    text.push('(dashes: what is had without learning)');
    const { test, best_step, seconds, tokens } = evidence;
    text.push(
      `Test ${metric} ${showNumber(metric, inUnit(metric, test.value))}${metric === 'accuracy' ? ' %' : ''} and loss ` +
        `${test.loss.toFixed(4)} on ${test.count} predictions, with the ` +
        `parameters of step ${best_step}; ${seconds.toFixed(0)} s of training, ${Math.round(tokens / seconds)} tokens/s` +
        waiting(steps),
    );
    text.push(
      `Pictures: ${join(folder, 'curves.svg')}${evidence.kernels?.length ? ' and kernel-<block>.svg beside it' : ''}`,
    );
  }
  return `${text.join('\n')}\n`;
}

/** As the run was begun. */
function metricOf(lines: readonly JournalLine[]): Metric {
  const started = lines.find((line) => line.event === 'started');
  return ((started?.config.plan as { metric?: Metric } | undefined)?.metric ?? 'accuracy') satisfies Metric;
}

/** How much of its time the training waited for its data, and how fast they could come. */
function waiting(steps: readonly StepLine[]): string {
  const timed = steps.filter((s) => s.waited !== undefined);
  const total = timed.reduce((sum, s) => sum + s.seconds, 0);
  const waited = timed.reduce((sum, s) => sum + (s.waited ?? 0), 0);
  return total > 0 ? `, ${((100 * waited) / total).toFixed(2)} % of them waiting for data` : '';
}
