/** The runs of a claim: its own, and those of other claims that are the same runs under another name. */
import { type Evidence, readEvidence } from '../results/evidence.ts';
import { configHash } from '../results/record.ts';
import { sharedTask, type TrainingClaim } from './claim.ts';
import { departures } from './configured.ts';

/** A run of another claim under this claim's name for its task. Its id and configuration stay what they were. */
const renamed = (run: Evidence, task: string): Evidence => ({ ...run, task });

/** Own runs first; another claim's run of a plan, seed and data that are there already is left out. */
export function evidenceOf(claim: TrainingClaim, read: (claim: string) => Evidence[] = readEvidence): Evidence[] {
  const all = read(claim.id);
  const known = new Set(all.map(key));
  for (const share of claim.shares ?? [])
    for (const run of read(share.claim)) {
      const task = sharedTask(share, run);
      if (task === undefined) continue;
      const own = renamed(run, task);
      if (known.has(key(own)) || departures(claim, own).length) continue;
      known.add(key(own));
      all.push(own);
    }
  return all;
}

const key = ({ task, model, scale, config, data }: Evidence): string =>
  JSON.stringify([task, model, scale, data.checksum, config.plan]);

/** A finished run of this configuration, here or in a claim that shares it. */
export function finishedRun(claim: TrainingClaim, config: Record<string, unknown>): Evidence | undefined {
  const hash = configHash(config);
  const own = readEvidence(claim.id).findLast((run) => run.config_hash === hash);
  if (own) return own;
  for (const share of claim.shares ?? [])
    for (const [theirs, task] of Object.entries(share.tasks)) {
      if (task !== config.task) continue;
      const same = configHash({ ...config, claim: share.claim, task: theirs });
      const run = readEvidence(share.claim).findLast((run) => run.config_hash === same);
      if (run && sharedTask(share, run)) return renamed(run, task);
    }
  return undefined;
}
