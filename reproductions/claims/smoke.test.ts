/**
 * Every claim at smoke scale, as it comes from the command line: it runs, its losses fall, it ends in its table, and its
 * evidence holds. A new claim is among them by being there. What a stand-in is made of is fetched as the claim's own sentence says; without
 * network, or without the programs that speak, the claims that need them are skipped with that sentence.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Evidence } from '../../results/evidence.ts';
import { mean } from '../../results/statistics.ts';
import { type Claim, claimIds, loadClaim, type TrainingClaim } from '../claim.ts';
import { exit } from '../errors.ts';
import type { MeasurementClaim } from '../measure/measurement.ts';
import type { MeasuredSummary } from '../measure/results.ts';
import { Journal } from '../train/journal.ts';

/** `measure/cli.test.ts` runs these two. */
const elsewhere = ['gss-speed', 'sgconv-memory-1m'];
const claims = (await Promise.all(claimIds().map(loadClaim))).filter(({ id }) => !elsewhere.includes(id));

let folder = '';
const children = new Set<ChildProcess>();
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-smoke-'));
});
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
const launch = process.versions.bun ? [cli] : ['run', '-A', '--no-check', cli];

/**
 * `repro` with results of its own for each claim: none takes over what another one has run. One thread each: two at a
 * time fill the two cores of a small machine.
 */
function repro(id: string, ...args: string[]): Promise<Ended> {
  const own = { LONGCONV_RESULTS: join(folder, id), LONGCONV_COMMITTED: folder, LONGCONV_THREADS: '1' };
  const env = { ...process.env, ...own };
  const child = spawn(process.execPath, [...launch, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const ended: Ended = { code: null, out: '', err: '' };
  child.stdout.on('data', (text) => {
    ended.out += text;
  });
  child.stderr.on('data', (text) => {
    ended.err += text;
  });
  return new Promise((resolve) =>
    child.on('close', (code) => {
      children.delete(child);
      resolve({ ...ended, code });
    }),
  );
}

const fetching = new Map<string, Promise<Ended>>();

/** The run of a claim; what is missing for it is fetched once. */
async function runOf(claim: Claim): Promise<Ended> {
  const args = claim.kind === 'measurement' ? [claim.id, '--json'] : [claim.id];
  const run = await repro(claim.id, ...args);
  const dataset = run.code === exit.unavailable && /not here yet: repro data get (\S+)/.exec(run.err)?.[1];
  if (!dataset) return run;
  const got = fetching.get(dataset) ?? repro('data', 'data', 'get', dataset);
  fetching.set(dataset, got);
  const { code, err } = await got;
  return code === exit.done ? repro(claim.id, ...args) : { code, out: '', err };
}

/** What is run: the claim that is asked for, and the ones after it meanwhile. */
const AT_ONCE = 2;
const runs = new Map<string, Promise<Ended>>();
let free = AT_ONCE;
const waiting: (() => void)[] = [];
async function inTurn(claim: Claim): Promise<Ended> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
  else free--;
  try {
    return await runOf(claim);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free++;
  }
}
function outcome(at: number): Promise<Ended> {
  for (const claim of claims.slice(at, at + AT_ONCE + 1)) if (!runs.has(claim.id)) runs.set(claim.id, inTurn(claim));
  return runs.get(claims[at].id) as Promise<Ended>;
}

const lines = (text: string) => text.split('\n');
const file = (id: string) => join(folder, id, 'evidence', `${id}.jsonl`);
const recordsOf = (id: string): Evidence[] =>
  lines(readFileSync(file(id), 'utf8'))
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** Its table has a row for every model on every task, and so has its evidence. */
function trained({ id, defaults, models, tasks }: TrainingClaim, out: string): void {
  const wanted = defaults.smoke.tasks.flatMap((task) => defaults.smoke.models.map((model) => ({ task, model })));
  for (const { task, model } of wanted) {
    const row = lines(out).find(
      (line) => line.includes(`│ ${tasks[task]} `) && line.includes(`│ ${models[model].title} `),
    );
    assert.ok(row?.includes('│ smoke '), `${models[model].title} on ${tasks[task]} is not in\n${out}`);
  }
  const records = recordsOf(id);
  assert.deepEqual(
    records.map(({ task, model }) => ({ task, model })),
    wanted,
  );
  for (const { steps, test: tested, scale, data } of records) {
    assert.ok(steps > 1 && tested.count > 0 && Number.isFinite(tested.loss) && scale === 'smoke');
    assert.notEqual(data.kind, 'real', 'the published files are not asked for');
  }
}

/** From fewer steps nothing is to be seen. */
const FEW = 20;

/** The losses of its training fall: the last quarter of the steps is below the first one. */
function learnt(id: string): void {
  const runs = join(folder, id, 'repro', id, 'smoke');
  for (const run of readdirSync(runs)) {
    const steps = new Journal(join(runs, run, 'journal.jsonl')).read().filter((line) => line.event === 'step');
    if (steps.length < FEW) continue;
    const quarter = steps.length >> 2;
    const [first, last] = [steps.slice(0, quarter), steps.slice(-quarter)].map((part) => mean(part.map((s) => s.loss)));
    assert.ok(last < first, `${run}: ${first} to ${last}`);
  }
}

/** Its rows say that they say nothing. */
function measured(claim: MeasurementClaim, out: string): void {
  const summary: MeasuredSummary[] = JSON.parse(out).summary;
  assert.ok(summary.some((s) => claim.cases[s.case].judged === 'ratio' && s.value > 0));
  assert.ok(summary.every((s) => s.verdict.kind === 'partial scale'));
}

/** What else is to be seen in what a claim says. */
const also: Record<string, (ended: Ended) => void | Promise<void>> = {
  'butterfly-scifar': ({ out }) => {
    assert.match(out, /sCIFAR │ Long Conv, fixed transform +│ accuracy, % │ +91 │/);
    assert.match(out, /sCIFAR │ Learned butterfly, 16 x 16 +│ accuracy, % │ +91\.8/);
  },
  'longconv-cifar2d': ({ out, err }) => {
    assert.match(err, /cropped and flipped/);
    assert.match(out, /CIFAR-10 2-D │ S4ND +│ accuracy, % │ +~?89\.9/);
  },
  'longconv-fmri': ({ out }) => {
    assert.match(out, /H3 \+ Long Conv, Geom │ MAE +│ ~0\.54 \(second hand\)/);
    assert.match(out, /Geom, fMRI upstream: smoke scale: shows that it learns/);
    assert.match(out, /0\.\d{4} over the best possible error, [\d.]+ % of what can be learnt/);
  },
  'pathx-attention': ({ out }) => {
    assert.match(out, /Path-X │ FlashAttention +│ accuracy, % │ +61\.4 │/);
    assert.match(out, /Path-X │ Block-sparse attention +│ accuracy, % │ +56 │/);
  },
  'h3-wikitext103': ({ out }) => {
    assert.match(out, /WikiText-103 │ H3 hybrid │ perplexity │ +18\.5 │/);
    assert.match(out, /no better than a guess.*; \d\.\d{4} bits per byte/);
  },
  'sgconv-speechcommands': async ({ out }) => {
    assert.match(out, /SC10 raw 16kHz +│ SGConv │ accuracy, % │ ~97\.52/);
    assert.match(out, /SC10 raw 8kHz \(zero-shot\) │ SGConv │ accuracy, % │ ~96\.03/);
    assert.match(out, /SGConv, SC10 raw 16kHz: smoke scale: shows that it learns/);
    const text = readFileSync(file('sgconv-speechcommands'), 'utf8');
    const record = JSON.parse(text);
    assert.deepEqual([record.further[0].rate, record.further[0].count], [2, record.test.count]);
    record.further[0].data.checksum = 'another';
    writeFileSync(file('sgconv-speechcommands'), `${JSON.stringify(record)}\n`);
    const forged = await repro('sgconv-speechcommands', 'verify', 'sgconv-speechcommands');
    writeFileSync(file('sgconv-speechcommands'), text);
    assert.equal(forged.code, exit.failed);
    assert.match(forged.out, /its test on sc10-8k is not one of its configuration/);
  },
};

for (const [at, claim] of claims.entries())
  test(`${claim.id} at smoke scale`, async (t) => {
    const ended = await outcome(at);
    const { code, out, err } = ended;
    if (code === exit.unavailable) {
      assert.match(err, /^repro: .*(apt-get install|npm)/m);
      return t.skip(err.trim().split('\n').at(-1) ?? '');
    }
    assert.equal(code, exit.done, err);
    if (claim.kind === 'measurement') measured(claim, out);
    else {
      trained(claim, out);
      learnt(claim.id);
    }
    await also[claim.id]?.(ended);
    const verified = await repro(claim.id, 'verify', claim.id);
    assert.equal(verified.code, exit.done, verified.out);
    assert.match(verified.out, / smoke .*; holds$/m);
  });

test('what is looked at besides is of claims that there are', () => {
  const ids = claimIds();
  for (const id of [...elsewhere, ...Object.keys(also)]) assert.ok(ids.includes(id), id);
});
