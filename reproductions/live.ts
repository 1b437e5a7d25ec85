/** What a training run says on stderr while it goes on: a live line, and one line per evaluation. */
import { progress, showDuration } from '../results/terminal/output.ts';
import { guessLevel } from './data/dataset.ts';
import type { Job } from './jobs.ts';
import type { EvaluationLine, StepLine } from './train/journal.ts';
import type { LoopReport } from './train/loop.ts';
import type { Session } from './train/session.ts';

/** Weight of the newest step in the running means. */
const FRESH = 0.1;

export class LiveReport implements LoopReport {
  readonly name: string;
  #loss: number | null = null;
  #accuracy = 0;
  #secondsPerStep: number | null = null;
  #tokensPerSecond = 0;
  #waited = 0;
  #line = '';

  constructor(readonly job: Job) {
    this.name = `${job.claim.id} ${job.task} ${job.model} ${job.scale} seed ${job.plan.seed}`;
  }

  started(session: Session, from: number): void {
    const { plan, dataset } = this.job;
    const { accuracy, loss } = guessLevel(dataset.labelCounts('validation'));
    const where = from ? `goes on at step ${from}` : `${plan.steps} steps of ${plan.batch} examples`;
    progress.say(
      `${this.name}: ${where}, ${session.model.store.count} parameters; a guess gets ${percent(accuracy)}, loss ${loss.toFixed(3)}`,
    );
  }

  stepped(line: StepLine, session: Session): void {
    const { steps } = this.job.plan;
    this.#loss = this.#loss === null ? line.loss : this.#loss + FRESH * (line.loss - this.#loss);
    this.#accuracy += FRESH * (line.accuracy - this.#accuracy);
    // The first step of a session also pays for warming up.
    if (this.#secondsPerStep === null) this.#secondsPerStep = line.seconds;
    else this.#secondsPerStep += FRESH * (line.seconds - this.#secondsPerStep);
    this.#tokensPerSecond = line.tokens / line.seconds;
    this.#waited += FRESH * ((line.waited ?? 0) / line.seconds - this.#waited);
    const left = (steps - line.step) * this.#secondsPerStep;
    this.#line =
      `${this.name}: step ${line.step} of ${steps}, epoch ${session.epoch.toFixed(2)}, loss ${this.#loss.toFixed(3)}, ` +
      `accuracy ${percent(this.#accuracy)}, ${Math.round(this.#tokensPerSecond)} tokens/s (${percent(this.#waited)} waiting for data), ${showDuration(left)} left`;
    progress.live(this.#line);
  }

  evaluating(split: string, done: number, total: number): void {
    progress.live(`${this.#line}; ${split} ${done} of ${total}`);
  }

  evaluated({ step, split, loss, accuracy, seconds }: EvaluationLine): void {
    const training = this.#loss === null || split === 'test' ? '' : `training loss ${this.#loss.toFixed(3)}, `;
    progress.say(
      `${this.name}: step ${step}: ${training}${split} loss ${loss.toFixed(3)}, accuracy ${percent(accuracy)} (${showDuration(seconds)})`,
    );
  }

  warn(line: string): void {
    progress.say(line);
  }
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
