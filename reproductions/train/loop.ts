/**
 * The training loop of one run: resume, step, evaluate, checkpoint, stop when asked, and in the end the test
 * result of the parameters that were best on the validation split.
 */
import { join } from 'node:path';
import type { Device } from '../../kernels/device/device.ts';
import type { AnyDataset } from '../data/dataset.ts';
import { CheckpointFolder } from './checkpoint.ts';
import { type EvaluationLine, Journal, type StepLine } from './journal.ts';
import { higherIsBetter } from './metrics.ts';
import type { TrainingPlan } from './plan.ts';
import { Session } from './session.ts';

export interface LoopOptions {
  /** Where journal and checkpoints are kept. */
  folder: string;
  configHash: string;
  /** For the journal: everything that decides what is computed. */
  config: Record<string, unknown>;
  /** Stop at the next step, with a checkpoint. */
  signal?: AbortSignal;
  /** Stop with a checkpoint once this many seconds of this session have passed, evaluations included. */
  budget?: number;
  /** Stop with a checkpoint after this many steps in all; the plan stays as it is. */
  stopAfter?: number;
  /** Seconds between checkpoints when evaluations are far apart. Default 300. */
  checkpointSeconds?: number;
  report?: Partial<LoopReport>;
}

export interface LoopReport {
  started(session: Session, from: number): void;
  stepped(line: StepLine, session: Session): void;
  evaluating(split: 'validation' | 'test', done: number, total: number): void;
  evaluated(line: EvaluationLine, session: Session): void;
  warn(line: string): void;
}

export interface LoopResult {
  outcome: 'finished' | 'interrupted' | 'budget' | 'paused';
  step: number;
  /** Step whose parameters were tested: the best on validation. */
  bestStep: number | null;
  /** In the metric of the plan. */
  validation: { loss: number; value: number } | null;
  test: { loss: number; value: number; count: number } | null;
  /** Seconds of training in all sessions (evaluations not counted), and what was seen. */
  seconds: number;
  examples: number;
  tokens: number;
  parameters: number;
}

const now = () => new Date().toISOString();

/** Ends a session early; the next one goes on. */
class Stop extends Error {
  constructor(readonly outcome: LoopResult['outcome']) {
    super(outcome);
  }
}

export async function trainLoop(
  device: Device,
  dataset: AnyDataset,
  plan: TrainingPlan,
  options: LoopOptions,
): Promise<LoopResult> {
  const { report = {} } = options;
  const warn = report.warn ?? ((line: string) => console.error(line));
  const checkpoints = new CheckpointFolder(join(options.folder, 'checkpoints'), warn);
  const journal = new Journal(join(options.folder, 'journal.jsonl'));
  const session = await Session.open(device, dataset, plan);
  try {
    const checkpoint = checkpoints.latest();
    if (checkpoint) {
      session.restore(checkpoint, options.configHash);
      journal.write({ event: 'resumed', time: now(), step: session.step });
    } else journal.write({ event: 'started', time: now(), config: options.config as Record<string, never> });
    report.started?.(session, session.step);

    const begun = performance.now();
    let saved = performance.now();
    let savedStep = session.step;
    const save = async () => {
      checkpoints.save(await session.save(options.configHash));
      saved = performance.now();
      savedStep = session.step;
    };
    const reasonToStop = (): LoopResult['outcome'] | null => {
      if (options.signal?.aborted) return 'interrupted';
      return options.budget !== undefined && (performance.now() - begun) / 1000 >= options.budget ? 'budget' : null;
    };
    const evaluate = async (split: 'validation' | 'test'): Promise<EvaluationLine> => {
      const start = performance.now();
      const { loss, value, count } = await session.evaluate(split, (done, total) => {
        report.evaluating?.(split, done, total);
        const reason = reasonToStop();
        if (reason) throw new Stop(reason);
      });
      const seconds = (performance.now() - start) / 1000;
      const line: EvaluationLine = {
        event: 'evaluation',
        step: session.step,
        split,
        loss,
        value,
        count,
        seconds,
      };
      journal.write(line);
      report.evaluated?.(line, session);
      return line;
    };
    const result = (outcome: LoopResult['outcome'], test: EvaluationLine | null): LoopResult => ({
      outcome,
      step: session.step,
      bestStep: session.best?.step ?? null,
      validation: session.best && { loss: session.best.loss, value: session.best.value },
      test: test && { loss: test.loss, value: test.value, count: test.count },
      seconds: session.seconds,
      examples: session.examples,
      tokens: session.tokens,
      parameters: session.model.store.count,
    });

    const sign = higherIsBetter(plan.metric) ? 1 : -1;
    const due = () => session.step > 0 && (session.step % plan.evaluateEvery === 0 || session.step === plan.steps);
    try {
      for (;;) {
        if (due() && session.evaluated !== session.step) {
          const { loss, value } = await evaluate('validation');
          session.evaluated = session.step;
          if (!session.best || sign * value > sign * session.best.value)
            session.best = { step: session.step, value, loss };
          await save();
        } else if (performance.now() - saved > 1000 * (options.checkpointSeconds ?? 300)) await save();
        if (session.step === plan.steps) break;
        const reason = reasonToStop() ?? (session.step === options.stopAfter ? 'paused' : null);
        if (reason) throw new Stop(reason);
        const start = performance.now();
        const { loss, value, rate, tokens, waited } = await session.train();
        const seconds = (performance.now() - start) / 1000;
        session.seconds += seconds;
        const line: StepLine = { event: 'step', step: session.step, loss, value, rate, seconds, tokens, waited };
        journal.write(line);
        report.stepped?.(line, session);
        // Signals are handled between steps.
        await new Promise((resolve) => setImmediate(resolve));
      }
      const best = session.best && session.best.step !== session.step ? checkpoints.load(session.best.step) : null;
      if (best) session.restoreModel(best.tensors);
      else if (session.best && session.best.step !== session.step)
        warn(`the best checkpoint (step ${session.best.step}) is gone: testing the last parameters instead`);
      const test = await evaluate('test');
      journal.write({ event: 'finished', time: now(), step: session.step });
      return result('finished', test);
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      if (savedStep !== session.step) await save();
      journal.write({ event: 'stopped', time: now(), step: session.step, reason: error.outcome });
      return result(error.outcome, null);
    }
  } finally {
    session.close();
  }
}
