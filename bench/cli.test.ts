/** The command line as a shell sees it: exit codes, streams, suggestions. Each test starts the real program. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readRecords } from '../results/store.ts';

const cli = fileURLToPath(new URL('cli.ts', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'longconv-cli-'));
after(() => rmSync(folder, { recursive: true }));
const launch = process.versions.bun ? [cli] : ['run', '-A', cli];
const environment = { ...process.env, LONGCONV_RESULTS: join(folder, 'runs') };

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function bench(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...launch, ...args],
      { env: { ...environment, ...env }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

test('help has examples and goes to stdout; no command shows it and exits 2', async () => {
  const [help, none] = await Promise.all([bench(['check', '--help']), bench([])]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /bench check --only "fftconv\*" --json/);
  assert.equal(none.code, 2);
  assert.match(none.stdout, /Commands:/);
});

test('what is unknown is named, with the nearest, and exits 2 without a stack trace', async () => {
  const cases: [string[], RegExp][] = [
    [['chek'], /no command "chek"\. Did you mean "check"\?/],
    [['check', '--devcie', 'cpu'], /no option --devcie\. Did you mean "--device"\?/],
    [['check', '--device', 'cpp'], /no device "cpp"\. Did you mean "cpu"\?/],
    [['check', '--device', 'cpu:x'], /after the colon comes the number/],
    [['check', '--only', 'nothing-is-called-this'], /no case matches/],
    [['check', '--golden', '/nonexistent'], /there is no such folder/],
    [['check', '--threads', 'many'], /--threads many: give a whole number/],
    [['check', '--device'], /device/],
    [['run', 'gem'], /no suite "gem"\. Did you mean "gemm"\?/],
    [['run'], /which suite\?/],
    [['run', 'gemm', '--models', 'sqare'], /Did you mean "square"\?/],
    [['run', 'gemm', '--lengths', '4k..1k'], /runs backwards/],
    [['run', 'gemm', '--scale', 'quik'], /Did you mean "quick"\?/],
    [['run', 'gemm', '--format', 'yaml'], /no format "yaml"/],
    [['run', 'long-conv', '--peer', 'fftww'], /Did you mean "fftw"\?/],
    [['run', 'gemm', '--peer', 'openblass'], /Did you mean "openblas"\?/],
    [['run', 'ssm-kernels', '--peer', 'fftw'], /measures no other libraries/],
    [['run', 'gemm', '--rounds', '0'], /--rounds 0: give a whole number/],
    [['run', 'gemm', '--out', '/nonexistent/x'], /cannot be written/],
  ];
  for (const [args, expected] of cases) {
    const r = await bench(args);
    assert.equal(r.code, 2, r.stderr);
    assert.equal(r.stdout, '');
    assert.match(r.stderr, expected);
    assert.doesNotMatch(r.stderr, /\n\s+at /);
  }
});

test('check --json prints one object a case and nothing else on stdout', async () => {
  const r = await bench(['check', '--device', 'cpu', '--only', 'unary', '--json']);
  assert.equal(r.code, 0, r.stderr);
  const lines = r.stdout
    .trimEnd()
    .split('\n')
    .map((l) => JSON.parse(l));
  assert.ok(lines.length > 10);
  for (const v of lines) {
    assert.deepEqual(
      ['case', 'device', 'error', 'family', 'implementation', 'reason', 'status', 'tolerance', 'worst'],
      Object.keys(v).sort(),
    );
    assert.equal(v.status, 'pass');
    assert.ok(v.error <= v.tolerance);
  }
  assert.match(r.stderr, /passed, 0 failed/);
});

test('an empty folder of golden vectors is refused', async () => {
  const empty = mkdtempSync(join(folder, 'golden-'));
  const r = await bench(['check', '--golden', empty]);
  assert.equal(r.code, 2);
  assert.match(r.stderr, /holds no golden vectors/);
});

test('a device that is known but cannot be opened exits 3 and says what to do', async () => {
  const r = await bench(['check', '--device', 'cpu', '--only', 'unary'], { LONGCONV_ISA: 'vax' });
  assert.equal(r.code, 3);
  assert.match(r.stderr, /LONGCONV_ISA=vax cannot run on this processor: unset it/);
});

const small = ['run', 'gemm', '--models', 'square', '--lengths', '24', '--rounds', '2'];

test('run prints rows in every format and keeps records', async () => {
  const out = join(folder, 'out.jsonl');
  const json = await bench([...small, '--format', 'json', '--out', out]);
  assert.equal(json.code, 0, json.stderr);
  const rows = JSON.parse(json.stdout);
  assert.deepEqual(
    rows.map((r: { pass: string }) => r.pass),
    ['forward', 'forward+backward'],
  );
  for (const r of rows) {
    assert.equal(r.suite, 'gemm');
    assert.equal(r.device, 'cpu');
    assert.match(r.implementation, /^cpu\//);
    assert.ok(r.ms_low <= r.ms && r.ms <= r.ms_high);
    assert.equal(r.rounds, 2);
    assert.ok(r.roofline > 0 && r.peak_bytes > 0 && r.flops >= 2 * 24 ** 3);
  }
  const kept = readRecords(out).records;
  assert.deepEqual(
    kept.map((r) => r.row),
    rows,
  );
  assert.ok(kept.every((r) => r.error && r.error.value <= r.error.tolerance));
  assert.equal(kept[0].samples.rounds.length, 2);
  const own = readdirSync(join(folder, 'runs', 'gemm')).map(
    (f) => readRecords(join(folder, 'runs', 'gemm', f)).records,
  );
  assert.ok(own.some((records) => records[0]?.id === kept[0].id));
});

test('run prints CSV, JSON Lines, Markdown and a table', async () => {
  const md = join(folder, 'out.md');
  const [csv, jsonl, table] = await Promise.all([
    bench([...small, '--format', 'csv']),
    bench([...small, '--format', 'jsonl', '--out', md]),
    bench(small),
  ]);
  const [head, ...lines] = csv.stdout.trimEnd().split('\n');
  assert.ok(head.startsWith('suite,candidate,model,length'));
  assert.equal(lines.length, 2);
  const rows = jsonl.stdout.trimEnd().split('\n');
  assert.deepEqual(
    rows.map((l) => JSON.parse(l).suite),
    ['gemm', 'gemm'],
  );
  assert.match(readFileSync(md, 'utf8'), /^## Matrix products\n\n\| Form \| Shape/);
  assert.match(table.stdout, /│ square │ 24x24 24x24 │ forward/);
});

test('a damaged line in the file of --out is named and set aside, and the run goes on', async () => {
  const out = join(folder, 'damaged.jsonl');
  appendFileSync(out, '{"schema": "longconv-rec');
  const r = await bench([...small, '--format', 'jsonl', '--out', out]);
  assert.equal(r.code, 0, r.stderr);
  assert.match(r.stderr, /damaged\.jsonl, line 1: torn: the line has no end; set aside in .*damaged\.jsonl\.corrupt/);
  assert.equal(readFileSync(`${out}.corrupt`, 'utf8'), '{"schema": "longconv-rec\n');
  assert.deepEqual([readRecords(out).records.length, readRecords(out).damage.length], [2, 0]);
});

test('what does not fit in memory is refused before it is allocated, with the estimate and the limit', async () => {
  const r = await bench(['run', 'attention', '--lengths', '64k', '--models', 'attention'], {
    LONGCONV_MEMORY_LIMIT: '1g',
  });
  assert.equal(r.code, 2);
  assert.equal(r.stdout, '');
  assert.match(
    r.stderr,
    /attention at 64K, forward needs about [\d.]+ GiB and the limit is 1 GiB \(LONGCONV_MEMORY_LIMIT\)/,
  );
});

test('Ctrl-C keeps and prints what was measured and exits 130', async () => {
  const long = ['run', 'gemm', '--models', 'square', '--lengths', '16', '--rounds', '1000000', '--format', 'jsonl'];
  const child = spawn(process.execPath, [...launch, ...long], { env: environment });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (d) => (stdout += d));
  child.stderr.on('data', (d) => (stderr += d));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  while (!stderr.includes('groups') && child.exitCode === null) await new Promise((r) => setTimeout(r, 50));
  await new Promise((r) => setTimeout(r, 2000));
  // One press that arrives twice: from the terminal and handed on by a parent.
  child.kill('SIGINT');
  await new Promise((r) => setTimeout(r, 30));
  child.kill('SIGINT');
  assert.equal(await ended, 130, stderr);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((l) => JSON.parse(l));
  assert.equal(rows.length, 1);
  assert.ok(rows[0].rounds >= 1 && rows[0].ms > 0);
  assert.match(stderr, /interrupted: the rows above/);
});

test('--peer present measures beside the libraries that are installed, and says which are not', async () => {
  const size = ['--models', 'square', '--lengths', '16', '--rounds', '2', '--format', 'json'];
  const r = await bench(['run', 'gemm', '--peer', 'present', ...size], {
    LONGCONV_OPENBLAS: '/nowhere/libopenblas.so',
  });
  assert.equal(r.code, 0, r.stderr);
  assert.match(r.stderr, /not measured: .*openblas/i);
  assert.deepEqual(
    JSON.parse(r.stdout).map((row: { model: string }) => row.model),
    ['square', 'square'],
  );
  const none = await bench(['run', 'ssm-kernels', '--peer', 'present']);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /measures no other libraries/);
});

test('doctor reports as JSON; without the CPU device it exits 3 and says what to do', async () => {
  const r = await bench(['doctor', '--json']);
  assert.equal(r.code, 0, r.stderr);
  const { findings } = JSON.parse(r.stdout);
  const names = findings.map((f: { what: string }) => f.what);
  for (const what of ['runtime', 'g++', 'load', 'device cpu', 'roofline', 'noise', 'memory', 'disk'])
    assert.ok(names.includes(what), what);
  const lame = await bench(['doctor', '--json'], { LONGCONV_ISA: 'vax' });
  assert.equal(lame.code, 3);
  const cpu = JSON.parse(lame.stdout).findings.find((f: { what: string }) => f.what === 'device cpu');
  assert.equal(cpu.status, 'missing');
  assert.match(cpu.advice, /unset it/);
});

test('lra-speed trains every model side by side and names what was published', async () => {
  const size = ['--lengths', '48', '--width', '8', '--layers', '1', '--batch', '2', '--rounds', '2'];
  const r = await bench([
    'run',
    'lra-speed',
    '--models',
    'transformer,flash-transformer,sgconv',
    ...size,
    '--format',
    'json',
  ]);
  assert.equal(r.code, 0, r.stderr);
  const rows = JSON.parse(r.stdout);
  assert.deepEqual(
    rows.map((x: { model: string }) => x.model),
    ['transformer', 'flash-transformer', 'sgconv'],
  );
  const keys = ['suite', 'model', 'task', 'length', 'batch', 'device', 'implementation', 'ms', 'ms_low', 'ms_high'];
  keys.push('samples', 'steps_per_s', 'tokens_per_s', 'peak_bytes', 'roofline', 'speedup', 'speedup_low');
  keys.push('speedup_high', 'published', 'published_source', 'published_hardware');
  for (const row of rows) for (const k of keys) assert.ok(k in row, k);
  const [base, flash, sgconv] = rows;
  assert.ok(Math.abs(base.speedup - 1) < 1e-12);
  assert.ok(Math.abs(flash.speedup - base.ms / flash.ms) < 1e-9 * flash.speedup);
  assert.equal(flash.published, 2.4);
  assert.match(flash.published_hardware, /A100/);
  assert.equal(sgconv.published, null);
  assert.ok(rows.every((x: Record<string, number>) => x.error < 5e-4 && x.tokens_per_s > 0 && x.peak_bytes > 0));
});

test('compare sets two files of records side by side and refuses what is not comparable, naming the key', async () => {
  const [a, b, c] = ['a', 'b', 'c'].map((n) => join(folder, `compare-${n}.jsonl`));
  const size = ['--models', 'square', '--rounds', '2'];
  for (const r of await Promise.all([
    bench(['run', 'gemm', ...size, '--lengths', '16', '--out', a]),
    bench(['run', 'gemm', ...size, '--lengths', '16', '--out', b]),
    bench(['run', 'gemm', ...size, '--lengths', '24', '--out', c]),
  ]))
    assert.equal(r.code, 0, r.stderr);
  const same = await bench(['compare', a, b, '--format', 'json']);
  assert.equal(same.code, 0, same.stderr);
  for (const row of JSON.parse(same.stdout)) {
    assert.ok(Math.abs(row.ratio - row.ms / row.other_ms) < 1e-9 * row.ratio);
    assert.ok(row.ratio_low <= row.ratio && row.ratio <= row.ratio_high);
  }
  const other = await bench(['compare', a, c]);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /differ in length \(16 and 24\)/);
  assert.equal((await bench(['compare', a])).code, 2);
});

test('list shows suites, devices with the reason when one is not here, models and operators', async () => {
  const [r, devices] = await Promise.all([bench(['list', '--json']), bench(['list', '--devices'])]);
  assert.equal(r.code, 0, r.stderr);
  const all = JSON.parse(r.stdout);
  const ids = (rows: { id: string }[]) => rows.map((x) => x.id);
  for (const suite of ['lra-speed', 'gemm', 'attention', 'long-conv', 'ssm-kernels'])
    assert.ok(ids(all.suites).includes(suite));
  for (const suite of all.suites)
    assert.ok(suite.cases.length > 0 && suite.cases.every((c: { bytes: number }) => c.bytes > 0));
  for (const device of all.devices) assert.ok(device.here || device.why_not.length > 10);
  assert.ok(ids(all.models).includes('s4') && ids(all.ops).includes('fft-conv'));
  assert.match(devices.stdout, /^Devices: --device\n/);
  assert.doesNotMatch(devices.stdout, /Suites/);
});

test('settings of the environment: empty is unset, nonsense is refused by name', async () => {
  const args = ['check', '--device', 'cpu', '--only', 'unary', '--golden', 'none'];
  const [empty, none, many, flag] = await Promise.all([
    bench(args, { LONGCONV_ISA: '', LONGCONV_THREADS: '' }),
    bench(args, { LONGCONV_THREADS: '0' }),
    bench(args, { LONGCONV_THREADS: '100000' }),
    bench(['run', 'gemm', '--threads', '100000']),
  ]);
  assert.equal(empty.code, 0, empty.stderr);
  for (const r of [none, many]) {
    assert.equal(r.code, 3);
    assert.match(r.stderr, /LONGCONV_THREADS=\d+ is no number of threads: unset it or give/);
  }
  assert.equal(flag.code, 2);
});

test('values are taken as typed: empty and negative ones are refused by name', async () => {
  const [empty, negative, none] = await Promise.all([
    bench(['run', 'gemm', '--out', '']),
    bench(['run', 'gemm', '--rounds', '-3']),
    bench(['run', '']),
  ]);
  assert.deepEqual([empty.code, negative.code, none.code], [2, 2, 2]);
  assert.match(empty.stderr, /--out is empty/);
  assert.match(negative.stderr, /--rounds -3: give a whole number/);
  assert.match(none.stderr, /which suite\?/);
});
