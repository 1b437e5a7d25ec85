import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-repro-'));
});
after(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs `repro`; `when` is called with what stderr says so far, until it returns a signal to send. */
function repro(args: string[], when?: (err: string) => NodeJS.Signals | undefined, extra = {}): Promise<Ended> {
  const run = process.versions.bun ? [cli] : ['run', '-A', cli];
  const env = {
    ...process.env,
    LONGCONV_RESULTS: join(folder, 'runs'),
    LONGCONV_COMMITTED: folder,
    LONGCONV_CACHE: join(folder, 'cache'),
    ...extra,
  };
  const child = spawn(process.execPath, [...run, ...args], { env });
  const result: Ended = { code: null, out: '', err: '' };
  let sent = false;
  child.stdout.on('data', (d) => {
    result.out += d;
  });
  child.stderr.on('data', (d) => {
    result.err += d;
    const signal = sent ? undefined : when?.(result.err);
    if (signal) {
      sent = true;
      child.kill(signal);
    }
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...result, code })));
}

test('what is not known is answered with the nearest name and exit code 2', async () => {
  for (const [args, expected] of [
    [['longcov-lra'], /no claim or command "longcov-lra"\. Did you mean "longconv-lra"\?/],
    [['run', 'sgconv-lar'], /no claim "sgconv-lar"\. Did you mean "sgconv-lra"\?/],
    [['longconv-lra', '--taks', 'listops'], /no option --taks\. Did you mean "--task"\?/],
    [['longconv-lra', '--task', 'lisops'], /no task "lisops"\. Did you mean "listops"\?/],
    [['longconv-lra', '--models', 'longcon'], /no model "longcon"\. Did you mean "long-conv"\?/],
    [['longconv-lra', '--scale', 'smok'], /no scale "smok"\. Did you mean "smoke"\?/],
    [['longconv-lra', '--device', 'cup'], /no device "cup"\. Did you mean "cpu"\?/],
    [['longconv-lra', '--budget', '2'], /--budget 2: give a time with its unit/],
    [['longconv-lra', '--seeds', '3..1'], /--seeds 3\.\.1: give whole numbers/],
    [['longconv-lra', '--steps', '0'], /--steps 0: give a whole number/],
    [['longconv-lra', '--accumulation', '7'], /the batch of 64 cannot be divided into 7 equal parts/],
    [['longconv-lra', '--out', '/nowhere/x.csv'], /--out \/nowhere\/x.csv cannot be written \(ENOENT\)/],
    [['run'], /something is missing: repro run <claim>/],
  ] as [string[], RegExp][]) {
    const { code, out, err } = await repro(args);
    assert.equal(code, 2, `${args.join(' ')}: ${err}`);
    assert.match(err, expected);
    assert.equal(out, '');
  }
});

test('a run that does not fit into memory is refused before it begins', async () => {
  const args = ['longconv-lra', '--task', 'listops', '--steps', '2'];
  const { code, err } = await repro(args, undefined, { LONGCONV_MEMORY_LIMIT: '1m' });
  assert.equal(code, 2);
  assert.match(
    err,
    /long-conv on listops needs about .* for one sequence of 50 and the limit is 1 MiB .*smaller --scale/,
  );
  const both = await repro([...args, '--tokens', '1m']);
  assert.equal(both.code, 2);
  assert.match(both.err, /--steps and --tokens both say/);
});

test('data or a device that is not here ends with 3 and says what runs', async () => {
  const args = ['longconv-lra', '--task', 'listops', '--data'];
  const real = await repro([...args, 'real'], undefined, { LONGCONV_DOWNLOAD: 'never' });
  assert.equal(real.code, 3);
  assert.match(real.err, /the files of listops are not here, and LONGCONV_DOWNLOAD=never.*repro data get lra/);
  const nowhere = await repro([...args, join(folder, 'nowhere')]);
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.err, /--data .*nowhere: there is no such folder, and no dataset of this name/);
  const files = await repro([...args, folder]);
  assert.equal(files.code, 3);
  assert.match(files.err, /basic_train\.tsv is not there/);
});

test('help names the exit codes and the claims; list has every claim, and the tasks of one', async () => {
  const help = await repro(['run', '--help']);
  assert.equal(help.code, 0);
  for (const word of [
    'longconv-lra',
    'sgconv-lra',
    '75 stopped with a checkpoint',
    '--budget <time>',
    'goes on from there',
  ])
    assert.ok(help.out.includes(word), word);
  const list = await repro(['list']);
  assert.equal(list.code, 0);
  assert.match(list.out, /sgconv-lra .*2 min on 2 cores; .*; days on a GPU.*ListOps: 61\.45/);
  assert.match(list.out, /gss-speed .*~2x \(second hand\)/);
  const claims = readdirSync(fileURLToPath(new URL('./claims', import.meta.url))).filter((f) => !/\.test\.ts$/.test(f));
  const lines = list.out.split('\n').filter((line) => /^│ [a-z0-9]+(-[a-z0-9]+)* /.test(line));
  const without = lines.filter((line) => line.includes('│ no script '));
  assert.equal(lines.length - without.length - 1, claims.length, 'a head and one line for every claim');
  assert.ok(without.length >= 10, 'and one for what has no script');
  const tasks = await repro(['list', 'longconv-lra']);
  assert.match(tasks.out, /longconv-lra.*arXiv 2302\.06646.*ListOps.*from memory/);
  assert.match(tasks.out, /longconv-lra.*Path-X/);
  assert.doesNotMatch(tasks.out, /sgconv-lra/);
  const json = JSON.parse((await repro(['list', '--json'])).out);
  assert.equal(json.claims.length, claims.length);
  assert.ok(json.claims.every((claim: { verdict: string; cells: object[] }) => claim.verdict && claim.cells.length));
  assert.ok(json.rows.length > claims.length);
  assert.equal((await repro(['status'])).out.split('\n')[0].startsWith('No runs yet'), true);
});

test('a run is interrupted, goes on, ends with its row, and is not made twice', async () => {
  const args = ['longconv-lra', '--task', 'listops', '--scale', 'smoke', '--steps', '12', '--seed', '4'];
  const runs = join(folder, 'runs', 'repro', 'longconv-lra', 'smoke');
  const first = await repro(args, (err) => (err.includes('12 steps of') ? 'SIGINT' : undefined));
  assert.equal(first.code, 130, first.err);
  assert.match(first.err, /interrupted: (checkpoint of step \d+ saved|nothing was trained)/);
  const stopped = await repro([...args, '--budget', '0.01s']);
  assert.equal(stopped.code, 75, stopped.err);
  const whole = await repro([...args, '--json', '--out', join(folder, 'out.md')]);
  assert.equal(whole.code, 0, whole.err);
  const { runs: done, summary } = JSON.parse(whole.out);
  assert.equal(done.length, 1);
  assert.equal(done[0].steps, 12);
  assert.ok(done[0].test.loss > 0.5 && done[0].test.loss < 4);
  assert.match(done[0].data.kind, /^generated-variant/);
  assert.equal(summary[0].verdict.kind, 'partial scale');
  assert.match(
    readFileSync(join(folder, 'out.md'), 'utf8'),
    /\| ListOps \| Long Conv \| accuracy, % \| ~60\.3 \(from memory\) \|/,
  );
  const again = await repro(args);
  assert.equal(again.code, 0);
  assert.match(again.err, /was finished on .*--fresh runs it again/);
  assert.match(again.out, /Training loss/);
  assert.match(again.out, /partial scale/);
  const status = await repro(['status']);
  assert.match(status.out, /listops-long-conv-seed4-.*finished.*12 of 12/);
  assert.equal(readdirSync(runs).length, 1);
  const table = await repro(['table', '--format', 'csv']);
  assert.match(table.out, /^claim,task,model.*\nlongconv-lra,ListOps,Long Conv,/);
  const verified = await repro(['verify', 'longconv-lra']);
  assert.equal(verified.code, 0, verified.out);
  assert.match(
    verified.out,
    /listops long-conv smoke seed 4: .* %, partial scale; noted: not the configuration of the claim: .*steps is 12, not 500\n/,
  );
  const file = join(folder, 'runs', 'evidence', 'longconv-lra.jsonl');
  const record = JSON.parse(readFileSync(file, 'utf8'));
  record.test.value = 0.96;
  writeFileSync(file, `${JSON.stringify(record)}\n`);
  const forged = await repro(['verify']);
  assert.equal(forged.code, 1);
  assert.match(
    forged.out,
    /wrong: the journal of its run holds another test result; suspicious: 96\.00 is more than 3 better/,
  );
});

test('a batch that does not fit is made in parts, which is said and recorded', async () => {
  const args = ['longconv-lra', '--task', 'listops', '--steps', '2', '--json'];
  const whole = await repro(args);
  const parts = await repro(args, undefined, { LONGCONV_MEMORY_LIMIT: '24m' });
  assert.equal(parts.code, 0, parts.err);
  assert.match(parts.err, /batches of 64 do not fit into 24 MiB .*each is made in \d+ parts of \d+/);
  const plan = (out: string) => JSON.parse(out).runs[0].config.plan;
  assert.equal(plan(whole.out).accumulation, 1);
  assert.ok(plan(parts.out).accumulation > 1);
});
