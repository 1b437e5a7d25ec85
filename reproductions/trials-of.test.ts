/** Trials that count for two claims: once, under the plan that is both's, with the same budget as the others. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { configHash } from '../results/record.ts';
import { appendTrial, type Trial, trialHash } from '../results/trials.ts';
import type { TrainingClaim } from './claim.ts';
import hyena from './claims/hyena-pile.ts';
import longConv from './claims/longconv-pile.ts';
import { madeUp } from './evidence.fixture.ts';
import { searches, searchFindings } from './search-verify.ts';
import { finishedTrial, trialsOf } from './trials-of.ts';

let folder = '';
const previous = { LONGCONV_RESULTS: process.env.LONGCONV_RESULTS, LONGCONV_COMMITTED: process.env.LONGCONV_COMMITTED };
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-trials-'));
  process.env.LONGCONV_RESULTS = folder;
  process.env.LONGCONV_COMMITTED = folder;
});
after(() => {
  rmSync(folder, { recursive: true });
  for (const [name, value] of Object.entries(previous))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
});

/** A fifth of the steps, as `repro search --steps` would make it. */
function trial(claim: TrainingClaim, model: string, rate: number, loss: number, change: object = {}): Trial {
  const plan = claim.search?.plan(model, '5b', rate);
  assert.ok(plan);
  const steps = Math.round(plan.steps / 5);
  const schedule = { ...plan.schedule, total: steps, warmup: Math.round(plan.schedule.warmup / 5) };
  const short = { ...plan, steps, schedule, ...change };
  const run = madeUp(claim, { task: '5b', model, value: Math.exp(loss), plan: short });
  const { id, time, task, scale, seed, git, version, argv, runtime, host, config, data, metric } = run;
  const { description: _, ...content } = data;
  const whole = {
    schema: 'longconv-trial-1' as const,
    ...{ id: `${id}-${rate}`, time, claim: claim.id, task, model, scale, seed, rate },
    ...{ git, version, argv, runtime, host, config, config_hash: configHash(config), data: content, metric },
    ...{ chosen_on: 'validation' as const, steps, best_step: steps, diverged: null, seconds: 1 },
    validation: { loss, value: Math.exp(loss) },
  };
  return { ...whole, sha256: trialHash(whole) };
}

const [here, there] = [hyena as TrainingClaim, longConv as TrainingClaim];
const reader = (trials: readonly Trial[]) => (claim: string) => trials.filter((one) => one.claim === claim);

test('a trial of the other claim counts here too, once; one that would be made otherwise does not', () => {
  const rate = there.plan('transformer', '5b', 'desk').lr;
  const own = trial(here, 'transformer', rate, 6);
  const theirs = [trial(there, 'transformer', rate, 6), trial(there, 'transformer', rate / 4, 7)];
  const count = (trials: readonly Trial[]) =>
    trialsOf(here, 'committed', reader(trials)).map(({ claim, rate }) => [claim, rate]);
  assert.deepEqual(count(theirs), [
    ['longconv-pile', rate],
    ['longconv-pile', rate / 4],
  ]);
  assert.deepEqual(count([own, ...theirs]), [
    ['hyena-pile', rate],
    ['longconv-pile', rate / 4],
  ]);
  assert.deepEqual(count([trial(there, 'transformer', rate, 6, { batch: 7 })]), []);
  assert.deepEqual(count([trial(there, 'h3-hybrid', rate, 6)]), [], 'the claim has no such model');
});

test('a search holds the claim to shared trials: the same rates for all of them, and the best one is taken', () => {
  const rate = there.plan('transformer', '5b', 'desk').lr;
  const best = trial(there, 'transformer', rate, 6);
  const worse = trial(there, 'transformer', rate / 4, 7);
  const judged = (trials: readonly Trial[]) =>
    searches(trialsOf(here, 'committed', reader(trials))).flatMap((search) => searchFindings(here, search, true));
  assert.deepEqual(judged([best, worse]), []);
  assert.match(judged([best, trial(there, 'transformer', rate / 4, 5)])[0].sentence, /transformer runs at /);
  const { lr } = here.plan('hyena', '5b', 'desk');
  assert.match(judged([trial(here, 'hyena', lr, 6), best, worse])[0].sentence, /not the same budget/);
});

test('a trial that the other claim made is found, and not made again', () => {
  const made = trial(there, 'transformer', 0.002, 6);
  assert.equal(finishedTrial(here, { ...made.config, claim: here.id }), undefined);
  const { sha256: _, ...content } = made;
  appendTrial(content);
  assert.equal(finishedTrial(here, { ...made.config, claim: here.id })?.id, made.id);
  assert.equal(finishedTrial(there, made.config)?.id, made.id);
  assert.equal(finishedTrial(here, { ...made.config, claim: here.id, device: 'webgpu' }), undefined);
});
