/** The trials of a claim: its own, and those of claims that share its runs, which were tried once for both. */
import { configHash } from '../results/record.ts';
import { readTrials, type Trial } from '../results/trials.ts';
import { sharedTask, type TrainingClaim } from './claim.ts';
import { departures } from './configured.ts';

type Read = typeof readTrials;

/** A trial of another claim under this claim's name for its task. Its id and configuration stay what they were. */
const renamed = (trial: Trial, task: string): Trial => ({ ...trial, task });

/** Own trials first; another claim's trial of a plan, seed and data that are there already is left out. */
export function trialsOf(claim: TrainingClaim, from: 'committed' | 'own', read: Read = readTrials): Trial[] {
  const all = read(claim.id, from);
  const known = new Set(all.map(key));
  for (const share of claim.shares ?? [])
    for (const trial of read(share.claim, from)) {
      const task = sharedTask(share, trial);
      if (task === undefined) continue;
      const here = renamed(trial, task);
      if (known.has(key(here)) || !planned(claim, here)) continue;
      known.add(key(here));
      all.push(here);
    }
  return all;
}

const key = ({ task, model, scale, config, data }: Trial): string =>
  JSON.stringify([task, model, scale, data.checksum, config.plan]);

/** Whether the claim's own search would make this trial, of whatever length. */
const planned = (claim: TrainingClaim, trial: Trial): boolean =>
  claim.search?.scale === trial.scale && trialDepartures(claim, trial).length === 0;

/** How long a trial is, which `--steps` decides. */
const length = /^(steps|evaluateEvery|schedule\.(warmup|total)) is /;

/** Where a trial differs from what the claim's search would try: it may be shorter, and nothing else. */
export function trialDepartures(claim: TrainingClaim, trial: Trial): string[] {
  const { search } = claim;
  if (!search) return [];
  const plan = (model: string, task: string) => search.plan(model, task, trial.rate, trial.setting);
  return departures({ ...claim, plan }, trial).filter((line) => !length.test(line));
}

/** A trial of this configuration that was made, here or in a claim that shares it. */
export function finishedTrial(claim: TrainingClaim, config: Record<string, unknown>): Trial | undefined {
  const find = (id: string, hash: string) =>
    [...readTrials(id, 'committed'), ...readTrials(id, 'own')].findLast((trial) => trial.config_hash === hash);
  const own = find(claim.id, configHash(config));
  if (own) return own;
  for (const share of claim.shares ?? [])
    for (const [theirs, task] of Object.entries(share.tasks)) {
      if (task !== config.task) continue;
      const trial = find(share.claim, configHash({ ...config, claim: share.claim, task: theirs }));
      if (trial && sharedTask(share, trial)) return renamed(trial, task);
    }
  return undefined;
}
