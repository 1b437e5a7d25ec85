import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readTrials, type Trial, trialHash } from '../results/trials.ts';
import { claimIds, loadClaim, type TrainingClaim } from './claim.ts';
import h3 from './claims/h3-synthetics.ts';
import { trialPlan } from './commands/search.ts';
import { deciding, ranked, searches, searchFindings, trialFindings } from './search-verify.ts';
import { trialsOf } from './trials-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'longconv-search-'));
after(() => rmSync(folder, { recursive: true }));

function repro(...args: string[]) {
  const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));
  const run = process.versions.bun ? [cli] : ['run', '-A', '--no-check', cli];
  const env = {
    ...process.env,
    LONGCONV_RESULTS: folder,
    LONGCONV_COMMITTED: folder,
    LONGCONV_CACHE: join(folder, 'cache'),
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...run, ...args], { env, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}
const file = join(folder, 'evidence', 'searches', 'h3-synthetics.jsonl');
const trials = (): Trial[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('every trial is kept, has not seen the test split, and is not made twice', () => {
  const args = ['search', 'h3-synthetics', '--models', 'h3,gss', '--rates', '0.001,0.002', '--steps', '4'];
  const { code, out, err } = repro(...args);
  assert.equal(code, 0, err);
  assert.match(out, /best rate/);
  assert.match(out, /0\.00[12]: accuracy/);
  const made = trials();
  assert.deepEqual(
    made.map(({ model, rate, steps, chosen_on }) => [model, rate, steps, chosen_on]),
    [
      ['h3', 0.001, 4, 'validation'],
      ['h3', 0.002, 4, 'validation'],
      ['gss', 0.001, 4, 'validation'],
      ['gss', 0.002, 4, 'validation'],
    ],
  );
  const runs = join(folder, 'repro', 'h3-synthetics', 'search');
  for (const run of readdirSync(runs)) {
    const journal = readFileSync(join(runs, run, 'journal.jsonl'), 'utf8');
    assert.ok(journal.includes('"split":"validation"') && !journal.includes('"split":"test"'), run);
  }
  assert.equal(repro(...args).code, 0);
  assert.equal(trials().length, 4);
});

test('verify reads trials and searches, and names one that was changed', () => {
  const whole = repro('verify', 'h3-synthetics');
  assert.equal(whole.code, 0, whole.out);
  assert.match(whole.out, /search recall-v10 h3 desk layers-start rate 0\.001 seed 0: validation accuracy .*; holds/);
  assert.match(whole.out, /search recall-v10 desk layers-start of 4 steps: 4 trials, judged on validation data; holds/);
  const before = readFileSync(file, 'utf8');
  const [first, ...rest] = trials();
  const better = { ...first, validation: { loss: 0.1, value: 1 } };
  writeFileSync(file, [better, ...rest].map((trial) => `${JSON.stringify(trial)}\n`).join(''));
  const changed = repro('verify', 'h3-synthetics');
  assert.equal(changed.code, 1);
  assert.match(changed.out, /wrong: its SHA-256 does not match/);
  writeFileSync(file, [first, ...rest.slice(0, 2)].map((trial) => `${JSON.stringify(trial)}\n`).join(''));
  assert.match(repro('verify', 'h3-synthetics').out, /wrong: gss was tried at 0\.001\/0 .* not the same budget/);
  writeFileSync(file, before);
});

test('a rate that was not the best, or a trial that says something else than its configuration, is wrong', () => {
  const [first] = trials();
  const taken = h3.plan('h3', 'recall-v10', 'desk').lr;
  const at = (rate: number, value: number, diverged: string | null = null): Trial => {
    const plan = { ...(first.config.plan as object), lr: rate };
    const validation = diverged === null ? { loss: 1 - value, value } : null;
    const content = { ...first, rate, config: { ...first.config, plan }, validation, diverged };
    return { ...content, sha256: trialHash(content) };
  };
  const [good] = searches([at(taken, 0.9), at(taken * 2, 0.8), at(taken * 4, 0.99, 'the loss is NaN')]);
  assert.deepEqual(
    ranked(good.trials).map(({ rate }) => rate),
    [taken, taken * 2],
    'a rate that diverged is not in the ranking',
  );
  assert.deepEqual(searchFindings(h3, good, true), []);
  const [bad] = searches([at(taken, 0.8), at(taken * 2, 0.9)]);
  assert.match(searchFindings(h3, bad, true)[0].sentence, /h3 runs at .*, and .* was best on validation data/);
  assert.deepEqual(searchFindings(h3, bad, false), []);
  const wider = at(taken, 0.9);
  const plan = wider.config.plan as { network: object };
  const other = { ...wider, config: { ...wider.config, plan: { ...plan, network: { ...plan.network, width: 99 } } } };
  const [changedSize] = searchFindings(h3, { ...good, trials: [other as Trial] }, true);
  assert.match(changedSize.sentence, /h3 was tried at .* with another configuration .*: network\.width is 99, not 32/);
  assert.deepEqual(
    deciding(h3, [good, { ...bad, steps: good.steps + 1 }]).map(({ trials }) => trials),
    [bad.trials],
  );
  assert.deepEqual(trialFindings(h3, first), []);
  const changed = (change: Partial<Trial>): string[] => {
    const content = { ...first, ...change };
    return trialFindings(h3, { ...content, sha256: trialHash(content) }).map(({ sentence }) => sentence);
  };
  assert.deepEqual(changed({ steps: 2, best_step: 2 }), ['it was made of 2 steps, not 4']);
  assert.deepEqual(changed({ steps: 2, best_step: 2, validation: { loss: 0.1, value: 1 } }), []);
  const said = { ...first, rate: 0.3 };
  assert.match(
    trialFindings(h3, { ...said, sha256: trialHash(said) })[0].sentence,
    /something else than its configuration/,
  );
});

test('a search of several tasks: each is searched by itself, and decides the rates of its own', () => {
  const args = ['--models', 'h3,gss', '--rates', '0.001,0.002', '--steps', '4'];
  const { code, out, err } = repro('search', 'h3-synthetics', '--task', 'recall-v10,induction', ...args);
  assert.equal(code, 0, err);
  assert.match(out, /induction +│ gss/);
  const all = searches(trials());
  assert.deepEqual(
    all.map(({ task, trials }) => [task, trials.length]),
    [
      ['recall-v10', 4],
      ['induction', 4],
    ],
  );
  const both = { ...h3, search: { ...h3.search, tasks: ['induction', 'recall-v10'] } } as TrainingClaim;
  assert.deepEqual(
    deciding(both, all).map(({ task }) => task),
    ['induction', 'recall-v10'],
  );
  assert.deepEqual(
    deciding(h3, all).map(({ task }) => task),
    ['recall-v10'],
  );
});

test('a trial has the share of the steps that the search names, and the whole schedule in them', () => {
  const { search } = h3;
  assert.ok(search);
  const one = { model: 'h3', task: 'recall-v10', rate: 0.004 };
  const whole = search.plan('h3', 'recall-v10', 0.004);
  assert.deepEqual(trialPlan(search, one), whole);
  const quarter = trialPlan({ ...search, share: 0.25 }, one);
  assert.deepEqual(
    [quarter.lr, quarter.steps, quarter.schedule.total, quarter.schedule.warmup],
    [0.004, whole.steps / 4, whole.steps / 4, whole.schedule.warmup / 4],
  );
  assert.equal(trialPlan({ ...search, share: 0.25 }, one, 40).steps, 40);
});

test('what came with the package holds: its searches, and the rates that the claims took from them', async () => {
  for (const id of claimIds()) {
    const claim = await loadClaim(id);
    if (claim.kind !== 'training') continue;
    const all = readTrials(id, 'committed');
    assert.deepEqual(
      all.flatMap((trial) => trialFindings(claim, trial)),
      [],
      id,
    );
    const found = searches(trialsOf(claim, 'committed'));
    const decide = deciding(claim, found);
    for (const search of found) assert.deepEqual(searchFindings(claim, search, decide.includes(search)), [], id);
  }
});

test('a claim of published configurations has nothing to search', async () => {
  const claims = await Promise.all(claimIds().map(loadClaim));
  const fixed = claims.find((claim): claim is TrainingClaim => claim.kind === 'training' && !claim.search);
  assert.ok(fixed);
  const { code, err } = repro('search', fixed.id);
  assert.equal(code, 2);
  assert.match(err, /has no rates to search/);
});
