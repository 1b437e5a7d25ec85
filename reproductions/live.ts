/** What a training run says on stderr while it goes on: a live line, and one line per evaluation. */
import { progress, showDuration } from '../results/terminal/output.ts';
import type { Job } from './jobs.ts';
import type { EvaluationLine, StepLine } from './train/journal.ts';
import type { LoopReport } from './train/loop.ts';
import type { Metric } from './train/metrics.ts';
import type { Session } from './train/session.ts';

/** Weight of the newest step in the running means. */
const FRESH = 0.1;

export class LiveReport implements LoopReport {
  readonly name: string;
  #loss: number | null = null;
  #value: number | null = null;
  #secondsPerStep: number | null = null;
  #tokensPerSecond = 0;
  #waited = 0;
  #line = '';

  constructor(readonly job: Job) {
    this.name = `${job.claim.id} ${job.task} ${job.model} ${job.scale} seed ${job.plan.seed}`;
  }

  started(session: Session, from: number): void {
    const { plan, guess } = this.job;
    const where = from ? `goes on at step ${from}` : `${plan.steps} steps of ${plan.batch} examples`;
    progress.say(
      `${this.name}: ${where}, ${session.model.store.count} parameters; a guess gets ${showValue(plan.metric, guess.value)}, loss ${guess.loss.toFixed(3)}`,
    );
  }

  stepped(line: StepLine, session: Session): void {
    const { steps, metric } = this.job.plan;
    this.#loss = this.#loss === null ? line.loss : this.#loss + FRESH * (line.loss - this.#loss);
    this.#value = this.#value === null ? line.value : this.#value + FRESH * (line.value - this.#value);
    // The first step of a session also pays for warming up.
    if (this.#secondsPerStep === null) this.#secondsPerStep = line.seconds;
    else this.#secondsPerStep += FRESH * (line.seconds - this.#secondsPerStep);
    this.#tokensPerSecond = line.tokens / line.seconds;
    this.#waited += FRESH * ((line.waited ?? 0) / line.seconds - this.#waited);
    const left = (steps - line.step) * this.#secondsPerStep;
    this.#line =
      `${this.name}: step ${line.step} of ${steps}, epoch ${session.epoch.toFixed(2)}, loss ${this.#loss.toFixed(3)}, ` +
      `${showValue(metric, this.#value)}, ${Math.round(this.#tokensPerSecond)} tokens/s (${percent(this.#waited)} waiting for data), ${showDuration(left)} left`;
    progress.live(this.#line);
  }

  evaluating(split: string, done: number, total: number): void {
    progress.live(`${this.#line}; ${split} ${done} of ${total}`);
  }

  evaluated({ step, split, loss, value, seconds }: EvaluationLine): void {
    const training = this.#loss === null || split === 'test' ? '' : `training loss ${this.#loss.toFixed(3)}, `;
    progress.say(
      `${this.name}: step ${step}: ${training}${split} loss ${loss.toFixed(3)}, ${showValue(this.job.plan.metric, value)} (${showDuration(seconds)})`,
    );
  }

  warn(line: string): void {
    progress.say(line);
  }
}

/** `accuracy 53.6 %`, `perplexity 21.4`, `MAE 0.4321`. */
export const showValue = (metric: Metric, value: number): string =>
  `${metric} ${metric === 'accuracy' ? percent(value) : value.toFixed(metric === 'perplexity' ? 2 : 4)}`;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
