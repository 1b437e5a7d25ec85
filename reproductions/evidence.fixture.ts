/** Evidence of runs that nobody made, for tests of what reads evidence: whole, and consistent with its claim. */
import type { Evidence } from '../results/evidence.ts';
import { configHash } from '../results/record.ts';
import type { Scale, TrainingClaim } from './claim.ts';

export interface MadeUp {
  task: string;
  model: string;
  seed?: number;
  scale?: Scale;
  /** Of the test, a share for accuracy. */
  value: number;
  kind?: string;
  checksum?: string;
  /** Changes to the claim's plan. */
  plan?: object;
}

export function madeUp(claim: TrainingClaim, run: MadeUp): Evidence {
  const { task, model, seed = 0, scale = 'desk', value, kind = 'generated-equivalent', checksum = 'c' } = run;
  const plan = { ...claim.plan(model, task, scale), seed, ...run.plan };
  const data = { id: 'd', kind, checksum };
  const config = JSON.parse(JSON.stringify({ claim: claim.id, task, model, scale, plan, data, device: 'cpu' }));
  const loss = plan.metric === 'perplexity' ? Math.log(value) : plan.metric === 'accuracy' ? 1 : value;
  return {
    schema: 'longconv-evidence-2',
    id: `${claim.id}-${task}-${model}-${scale}-${seed}-${checksum}`,
    time: '2024-01-01T00:00:00.000Z',
    ...{ claim: claim.id, task, model, scale, seed },
    git: { commit: 'a'.repeat(40), dirty: false },
    version: '0.0.0',
    argv: [],
    runtime: { name: 'bun', version: '1', os: 'linux', arch: 'x64' },
    host: { name: 'h', cpu: 'c', cores: 2, memory_bytes: 1, load: [0] },
    device: { id: 'cpu', name: 'c', vendor: 'v', driver: 'd', features: [], software: false, threads: 1 },
    ...{ config, config_hash: configHash(config) },
    data: { ...data, description: 'made up' },
    metric: plan.metric,
    guess: { loss: 2, value: plan.metric === 'accuracy' ? 0.1 : 100 },
    ...{ parameters: 1000, steps: plan.steps, best_step: plan.steps },
    validation: { loss, value },
    test: { loss, value, count: 1000 },
    ...{ seconds: 1, examples: plan.steps * plan.batch, tokens: 1000, peak_bytes: 1 },
  };
}
