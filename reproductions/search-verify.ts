/** Reading a search again: each trial, that no model was searched more than another, and that the best rate was taken. */
import { configHash } from '../results/record.ts';
import { type Trial, trialHash } from '../results/trials.ts';
import type { TrainingClaim } from './claim.ts';
import { higherIsBetter } from './train/metrics.ts';
import type { TrainingPlan } from './train/plan.ts';
import { trialDepartures } from './trials-of.ts';
import type { Finding } from './verify.ts';

/** What is wrong with a trial; nothing: it holds. */
export function trialFindings(claim: TrainingClaim, trial: Trial): Finding[] {
  const found: Finding[] = [];
  const wrong = (condition: boolean, sentence: string) => {
    if (condition) found.push({ kind: 'wrong', sentence });
  };
  const { config, validation, best_step, steps, metric } = trial;
  const plan = config.plan as unknown as TrainingPlan | undefined;
  wrong(trialHash(trial) !== trial.sha256, 'its SHA-256 does not match');
  wrong(configHash(config) !== trial.config_hash, 'the hash of its configuration does not match');
  wrong(!(trial.task in claim.tasks), `the claim has no task ${trial.task}`);
  wrong(!(trial.model in claim.models), `the claim has no model ${trial.model}`);
  const named = [config.claim, config.task, config.model, config.scale, plan?.seed, plan?.lr, plan?.metric];
  const stated = [trial.claim, trial.task, trial.model, trial.scale, trial.seed, trial.rate, metric];
  wrong(JSON.stringify(named) !== JSON.stringify(stated), 'it says something else than its configuration');
  const early = validation?.value === 1 && best_step === steps && plan?.untilPerfect === true;
  wrong(early ? steps > budget(trial) : steps !== budget(trial), `it was made of ${steps} steps, not ${budget(trial)}`);
  wrong((validation === null) !== (trial.diverged !== null), 'it neither ended nor diverged, or both');
  if (validation) {
    wrong(best_step === null || best_step < 1 || best_step > steps, `its best step ${best_step} lies outside of it`);
    wrong(!(validation.loss >= 0), 'its loss is impossible');
    wrong(metric === 'accuracy' && !(validation.value >= 0 && validation.value <= 1), 'its accuracy is impossible');
  }
  return found;
}

/** Steps that a trial was given; one that is perfect on validation data ends before them. */
const budget = ({ config }: Trial): number => (config.plan as unknown as TrainingPlan).steps;

export interface Search {
  task: string;
  scale: Trial['scale'];
  /** Given to each trial. */
  steps: number;
  setting: string | undefined;
  trials: Trial[];
}

/** Trials that can be compared: of one task, scale, setting, length and data. */
export function searches(trials: readonly Trial[]): Search[] {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    const key = JSON.stringify([trial.task, trial.scale, trial.setting, budget(trial), trial.data]);
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  return [...groups.values()].map((group) => {
    const { task, scale, setting } = group[0];
    return { task, scale, steps: budget(group[0]), setting, trials: group };
  });
}

/** Best first: by the mean over seeds of the metric on validation, then of the loss; rates that diverged are last. */
export function ranked(trials: readonly Trial[]): { rate: number; value: number; loss: number }[] {
  const rates = [...new Set(trials.map((trial) => trial.rate))];
  const sign = trials.length && higherIsBetter(trials[0].metric) ? -1 : 1;
  return rates
    .flatMap((rate) => {
      const ends = trials.filter((trial) => trial.rate === rate).map((trial) => trial.validation);
      const whole = ends.filter((end) => end !== null);
      if (whole.length < ends.length) return [];
      const mean = (pick: 'value' | 'loss') => whole.reduce((sum, end) => sum + end[pick], 0) / whole.length;
      return [{ rate, value: mean('value'), loss: mean('loss') }];
    })
    .sort((a, b) => sign * (a.value - b.value) || a.loss - b.loss);
}

/** The searches that the claim's rates are from: of each of its tasks the longest, with the setting that is used. */
export function deciding(claim: TrainingClaim, all: readonly Search[]): Search[] {
  const { search } = claim;
  return (search?.tasks ?? []).flatMap((wanted) => {
    const own = all.filter(
      ({ task, scale, setting }) => task === wanted && scale === search?.scale && setting === search.settings?.at(-1),
    );
    return own.sort((a, b) => b.steps - a.steps).slice(0, 1);
  });
}

/** What is wrong with a search as a whole; `decides`: the claim's rates must be those that were best in it. */
export function searchFindings(claim: TrainingClaim, { task, scale, trials }: Search, decides: boolean): Finding[] {
  const found: Finding[] = [];
  const models = [...new Set(trials.map((trial) => trial.model))];
  const tried = (model: string) => {
    const own = trials.filter((trial) => trial.model === model).map(({ rate, seed }) => `${rate}/${seed}`);
    return [...new Set(own)].sort().join(', ');
  };
  const [first, ...others] = models;
  for (const model of others)
    if (tried(model) !== tried(first))
      found.push({
        kind: 'wrong',
        sentence: `${model} was tried at ${tried(model)} (rate/seed) and ${first} at ${tried(first)}: not the same budget`,
      });
  if (!decides) return found;
  for (const trial of trials) {
    const [line] = trialDepartures(claim, trial);
    if (line)
      found.push({
        kind: 'wrong',
        sentence: `${trial.model} was tried at ${trial.rate} with another configuration than the claim's: ${line}`,
      });
  }
  for (const model of models) {
    const [best] = ranked(trials.filter((trial) => trial.model === model));
    const taken = claim.plan(model, task, scale).lr;
    if (best && best.rate !== taken)
      found.push({
        kind: 'wrong',
        sentence: `${model} runs at ${taken}, and ${best.rate} was best on validation data`,
      });
  }
  return found;
}
