/** `repro` on claims that are measured: runs of the real suites at smoke scale, their evidence, Ctrl-C in the child. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-measure-cli-'));
});
after(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function repro(args: string[], extra: Record<string, string> = {}, when?: (err: string) => boolean): Promise<Ended> {
  const words = process.versions.bun ? [cli, ...args] : ['run', '-A', '--no-check', cli, ...args];
  const env = { ...process.env, LONGCONV_RESULTS: join(folder, 'runs'), LONGCONV_COMMITTED: folder, ...extra };
  const child = spawn(process.execPath, words, { env });
  const result: Ended = { code: null, out: '', err: '' };
  let sent = false;
  child.stdout.on('data', (d) => {
    result.out += d;
  });
  child.stderr.on('data', (d) => {
    result.err += d;
    if (sent || !when?.(result.err)) return;
    sent = true;
    child.kill('SIGINT');
  });
  return new Promise((resolve) =>
    child.on('close', (code, by) => resolve({ ...result, code: code ?? (by === 'SIGINT' ? 130 : null) })),
  );
}

test('options of training runs are refused in one sentence, before anything is measured', async () => {
  for (const args of [
    ['--steps', '3'],
    ['--seeds', '0..2'],
    ['--data', 'real'],
    ['--budget', '2h'],
  ]) {
    const { code, err } = await repro(['gss-speed', ...args]);
    assert.equal(code, 2, err);
    assert.match(err, new RegExp(`^repro: gss-speed is measured, not trained: ${args[0]} says nothing there\\.`));
  }
  const out = await repro(['gss-speed', '--out', '/nowhere/x.csv']);
  assert.equal(out.code, 2);
  assert.match(out.err, /--out \/nowhere\/x.csv cannot be written/);
});

test('a suite that refuses ends the measurement with its sentence and its exit code', async () => {
  const { code, err } = await repro(['gss-speed'], { LONGCONV_MEMORY_LIMIT: '1m' });
  assert.equal(code, 2, err);
  assert.match(err, /bench: lra-speed: (gss|dss) at .* needs about .* limit is 1 MiB/);
  assert.match(err, /repro: "bench run lra-speed .*" ended with 2: its own message is above\n$/);
});

test('Ctrl-C reaches the suite: it ends after its sample, and nothing is kept as evidence', async () => {
  const ended = await repro(['gss-speed', '--scale', 'desk'], {}, (err) => err.includes('lra-speed on cpu'));
  assert.equal(ended.code, 130, ended.err);
  assert.match(ended.err, /stopping: what is being measured ends after this sample/);
  assert.match(ended.err, /stopping after this sample; what was measured is kept/);
  assert.match(ended.err, /interrupted: no evidence was kept; what was measured until then is in /);
  assert.ok(!existsSync(join(folder, 'runs', 'evidence', 'gss-speed.jsonl')));
  const { out } = await repro(['status']);
  assert.match(out, /gss-speed\/desk\/measurement-.*stopped.*0 of 1 measurements/);
});

test('a speed claim at smoke scale: its suite runs, its rows are kept and can be verified, and it says that it says nothing', async () => {
  const json = join(folder, 'speed.jsonl');
  const run = await repro(['gss-speed', '--json', '--out', json]);
  assert.equal(run.code, 0, run.err);
  const { evidence, summary } = JSON.parse(run.out);
  assert.equal(evidence.schema, 'longconv-measurement-1');
  assert.deepEqual(
    evidence.rows.map((r: { case: string }) => r.case),
    ['mean', 'step', 'time', 'time'],
  );
  assert.ok(summary.every((s: { verdict: { kind: string } }) => s.verdict.kind === 'partial scale'));
  assert.equal(evidence.observations.length, 2);
  assert.ok(evidence.observations.every((o: { rounds: number[][] }) => o.rounds.length === 2 && o.rounds[0][0] > 0));
  assert.deepEqual(JSON.parse(readFileSync(json, 'utf8')), evidence);
  const verified = await repro(['verify', 'gss-speed']);
  assert.equal(verified.code, 0, verified.out);
  assert.match(verified.out, /^gss-speed smoke .*: 4 partial scale; on cpu .*; holds$/m);
  const table = await repro(['table', '--format', 'md']);
  assert.match(
    table.out,
    /\| gss-speed \| training step, over DSS, all lengths \| GSS \| x \| ~2x \(second hand\) \| .* measured on cpu/,
  );
  const list = await repro(['list', '--json']);
  const { claims, rows } = JSON.parse(list.out);
  assert.equal(claims.find((c: { id: string }) => c.id === 'gss-speed').kind, 'measurement');
  // Where evidence of a larger scale is there, that is what is listed.
  const listed = rows.find((r: { claim: string }) => r.claim === 'gss-speed').verdict;
  assert.match(listed, /^(partial scale|measured here.*)$/);
  const file = join(folder, 'runs', 'evidence', 'gss-speed.jsonl');
  const forged = JSON.parse(readFileSync(file, 'utf8'));
  forged.rows[0].value *= 2;
  writeFileSync(file, `${JSON.stringify(forged)}\n`);
  const again = await repro(['verify', 'gss-speed']);
  assert.equal(again.code, 1);
  assert.match(again.out, /wrong: its rows do not follow from its observations/);
});

test('the layer of a million steps: counts as published, memory as the sum of its tensors says', async () => {
  const file = join(folder, 'memory.md');
  const run = await repro(['sgconv-memory-1m', '--json', '--out', file]);
  assert.equal(run.code, 0, run.err);
  const { summary, evidence } = JSON.parse(run.out);
  const of = (id: string) => summary.find((s: { case: string }) => s.case === id);
  assert.equal(of('before').verdict.kind, 'reproduced');
  assert.equal(of('returned').value, 2_000_000);
  assert.equal(of('returned').verdict.kind, 'reproduced');
  assert.equal(of('parameters').value, 262_144);
  assert.equal(of('scales').value, 16);
  assert.equal(of('after').verdict.kind, 'partial scale');
  // Input, its copy with channels first, two kernels, the convolution's result, its GELU, the output; and small things.
  const tensor = 4 * 256 * 20_000;
  assert.ok(of('after').value >= 7 * tensor && of('after').value < 7.3 * tensor, String(of('after').value / tensor));
  assert.ok(of('training-peak').value > of('after').value && of('inference-peak').value < of('after').value);
  assert.ok(of('training-peak').value <= summary.find((s: { case: string }) => s.case === 'counted').value);
  assert.ok(of('resident').value > of('training-peak').value && of('floor').value < of('inference-peak').value);
  assert.equal(evidence.device.id, 'cpu');
  assert.match(
    readFileSync(file, 'utf8'),
    /\| kernel before cropping \| 1000000 \| SGConv layer \| 1048576 taps \| 1048576 taps \| reproduced \|/,
  );
  const verified = await repro(['verify', 'sgconv-memory-1m', '--json']);
  assert.equal(verified.code, 0, verified.out);
  assert.deepEqual(JSON.parse(verified.out.trimEnd().split('\n').at(-1) ?? '').findings, []);
});

/** The processes that `pid` started, on Linux. */
const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid ? [Number(name)] : [];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });

test('a measurement that is killed takes its suite with it', { skip: process.platform !== 'linux' }, async () => {
  const words = process.versions.bun ? [cli] : ['run', '-A', '--no-check', cli];
  const env = { ...process.env, LONGCONV_RESULTS: join(folder, 'killed') };
  const parent = spawn(process.execPath, [...words, 'gss-speed', '--scale', 'desk'], { env });
  let suites: number[] = [];
  let err = '';
  parent.stderr.on('data', (text) => {
    err += text;
    if (suites.length || !err.includes('lra-speed on cpu')) return;
    suites = childrenOf(parent.pid as number);
    parent.kill('SIGKILL');
  });
  // Its streams are closed when the suite, which has inherited one, has ended too.
  await new Promise((resolve) => parent.on('close', resolve));
  assert.equal(suites.length, 1);
  assert.match(err, /the process that started this one is gone: ending\n$/);
  assert.ok(!existsSync(`/proc/${suites[0]}`) || / Z /.test(readFileSync(`/proc/${suites[0]}/stat`, 'utf8')));
});
