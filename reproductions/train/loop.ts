/**
 * The training loop of one run: resume, step, evaluate, checkpoint, stop when asked, and in the end the test
 * result of the parameters that were best on the validation split.
 */
import { join } from 'node:path';
import type { Device } from '../../kernels/device/device.ts';
import { StorageError } from '../../results/terminal/errors.ts';
import { CorruptFileError } from '../data/cache.ts';
import type { AnyDataset } from '../data/dataset.ts';
import { CheckpointFolder } from './checkpoint.ts';
import { DivergedError } from './divergence.ts';
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
  /** Leave the test split alone: the run is there to choose something by. */
  untested?: boolean;
  report?: Partial<LoopReport>;
  /** Called at the end, with the parameters that were tested. */
  finished?(session: Session): Promise<void>;
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
  const session = await Session.open(device, dataset, plan);
  try {
    return await new Course(session, options).run();
  } finally {
    session.close();
  }
}

/** One session's way through a plan. */
class Course {
  readonly #checkpoints: CheckpointFolder;
  readonly #journal: Journal;
  readonly #report: Partial<LoopReport>;
  readonly #warn: (line: string) => void;
  readonly #begun = performance.now();
  #saved = { at: performance.now(), step: 0 };

  constructor(
    readonly session: Session,
    readonly options: LoopOptions,
  ) {
    this.#report = options.report ?? {};
    this.#warn = this.#report.warn ?? ((line) => console.error(line));
    this.#checkpoints = new CheckpointFolder(join(options.folder, 'checkpoints'), options.configHash, this.#warn);
    this.#journal = new Journal(join(options.folder, 'journal.jsonl'));
  }

  async run(): Promise<LoopResult> {
    const { session } = this;
    try {
      this.#start();
      for (;;) {
        if (this.#due() && session.evaluated !== session.step) await this.#look();
        else if (performance.now() - this.#saved.at > 1000 * (this.options.checkpointSeconds ?? 300))
          await this.#save();
        if (this.#ended()) break;
        this.#stopWhenAsked(session.step === this.options.stopAfter);
        await this.#step();
        // Signals are handled between steps.
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.#takeBest();
      const test = this.options.untested ? null : await this.#evaluate('test');
      this.#journal.write({ event: 'finished', time: now(), step: session.step });
      await this.options.finished?.(session);
      return this.#result('finished', test);
    } catch (error) {
      if (error instanceof DivergedError) throw this.#diverged(error);
      if (error instanceof Error && error.name === 'StorageError') throw this.#full(error);
      if (!(error instanceof Stop)) throw error;
      if (this.#saved.step !== session.step) await this.#save();
      this.#journal.write({ event: 'stopped', time: now(), step: session.step, reason: error.outcome });
      return this.#result(error.outcome, null);
    }
  }

  /** From the last checkpoint, or anew. */
  #start(): void {
    const { session, options } = this;
    const checkpoint = this.#checkpoints.latest();
    if (checkpoint) {
      session.restore(checkpoint, options.configHash);
      this.#journal.write({ event: 'resumed', time: now(), step: session.step });
    } else this.#journal.write({ event: 'started', time: now(), config: options.config as Record<string, never> });
    this.#saved.step = session.step;
    this.#report.started?.(session, session.step);
  }

  #due(): boolean {
    const { step, plan } = this.session;
    return step > 0 && (step % plan.evaluateEvery === 0 || step === plan.steps);
  }

  /** The plan is done, or the validation split has not got better for long enough, or cannot get better. */
  #ended(): boolean {
    const { step, stale, best, plan } = this.session;
    if (plan.untilPerfect && plan.metric === 'accuracy' && best?.value === 1) return true;
    return step === plan.steps || (plan.patience !== undefined && stale >= plan.patience);
  }

  /** One look at the validation split, and a checkpoint. */
  async #look(): Promise<void> {
    const { session } = this;
    const { loss, value } = await this.#evaluate('validation');
    session.evaluated = session.step;
    const sign = higherIsBetter(session.plan.metric) ? 1 : -1;
    if (!session.best || sign * value > sign * session.best.value) {
      session.best = { step: session.step, value, loss };
      session.stale = 0;
    } else session.stale++;
    session.plateau?.report(session.plateau.options.mode === 'min' ? loss : value);
    await this.#save();
  }

  async #step(): Promise<void> {
    const { session } = this;
    const start = performance.now();
    const { loss, value, rate, tokens, waited } = await session.train();
    const seconds = (performance.now() - start) / 1000;
    session.seconds += seconds;
    const line: StepLine = { event: 'step', step: session.step, loss, value, rate, seconds, tokens, waited };
    this.#journal.write(line);
    this.#report.stepped?.(line, session);
  }

  async #evaluate(split: 'validation' | 'test'): Promise<EvaluationLine> {
    const { session } = this;
    const start = performance.now();
    const { loss, value, count } = await session.evaluate(split, (done, total) => {
      this.#report.evaluating?.(split, done, total);
      this.#stopWhenAsked(false);
    });
    const seconds = (performance.now() - start) / 1000;
    const line: EvaluationLine = { event: 'evaluation', step: session.step, split, loss, value, count, seconds };
    this.#journal.write(line);
    this.#report.evaluated?.(line, session);
    return line;
  }

  #stopWhenAsked(paused: boolean): void {
    const { signal, budget } = this.options;
    if (signal?.aborted) throw new Stop('interrupted');
    if (budget !== undefined && (performance.now() - this.#begun) / 1000 >= budget) throw new Stop('budget');
    if (paused) throw new Stop('paused');
  }

  async #save(): Promise<void> {
    const { session, options } = this;
    const checkpoint = await session.save(options.configHash);
    // After a loss of power there is no checkpoint of steps that the journal does not have.
    this.#journal.settle();
    this.#checkpoints.save(checkpoint);
    this.#saved = { at: performance.now(), step: session.step };
  }

  /** The parameters that were best on the validation split. */
  #takeBest(): void {
    const { session } = this;
    if (!session.best || session.best.step === session.step) return;
    const best = this.#checkpoints.load(session.best.step);
    if (!best)
      throw new CorruptFileError(
        `the checkpoint of step ${session.best.step}, the best one, is not in ${this.#checkpoints.folder} any more, so it ` +
          'cannot be tested: start again with --fresh',
      );
    session.restoreModel(best.tensors);
  }

  #diverged(error: DivergedError): DivergedError {
    const { step } = this.session;
    this.#journal.write({ event: 'stopped', time: now(), step, reason: `diverged: ${error.message}` });
    return new DivergedError(
      `${error.message}. The learning rate is likely to be too high; ${this.#kept()}, in ${this.#checkpoints.folder}`,
    );
  }

  /** The disk is full, or cannot be written any more: nothing more can be kept, what was kept is whole. */
  #full(error: Error): StorageError {
    return new StorageError(`${error.message}; ${this.#kept()}, and the same command goes on from there`);
  }

  #kept(): string {
    const last = this.#checkpoints.steps().at(-1);
    return last === undefined ? 'there is no checkpoint yet' : `the last good checkpoint is that of step ${last}`;
  }

  #result(outcome: LoopResult['outcome'], test: EvaluationLine | null): LoopResult {
    const { session } = this;
    return {
      ...{ outcome, step: session.step, bestStep: session.best?.step ?? null },
      validation: session.best && { loss: session.best.loss, value: session.best.value },
      test: test && { loss: test.loss, value: test.value, count: test.count },
      ...{ seconds: session.seconds, examples: session.examples, tokens: session.tokens },
      parameters: session.model.store.count,
    };
  }
}
