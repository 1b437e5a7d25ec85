/** What users and machines do to runs: two at once, `kill -9`, a full disk. From the command line. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mount, unmount } from './data/download/test-process.ts';

const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));
let folder = '';
const children = new Set<ChildProcess>();
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-interference-'));
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

/** `begun`: the training has begun; false when it ended without. */
function start(args: string[], results = join(folder, 'runs')) {
  const words = process.versions.bun ? [cli] : ['run', '-A', '--no-check', cli];
  const env = {
    ...process.env,
    LONGCONV_RESULTS: results,
    LONGCONV_COMMITTED: folder,
    LONGCONV_CACHE: join(folder, 'cache'),
  };
  const child: ChildProcess = spawn(process.execPath, [...words, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const ended: Ended = { code: null, out: '', err: '' };
  let noted: (begun: boolean) => void = () => {};
  const begun = new Promise<boolean>((resolve) => {
    noted = resolve;
  });
  child.stdout?.on('data', (text) => {
    ended.out += text;
  });
  child.stderr?.on('data', (text) => {
    ended.err += text;
    if (/steps of|goes on at step/.test(ended.err)) noted(true);
  });
  const end = new Promise<Ended>((resolve) =>
    child.on('close', (code) => {
      children.delete(child);
      noted(false);
      resolve({ ...ended, code });
    }),
  );
  return { child, begun, end };
}
const repro = (args: string[], results?: string): Promise<Ended> => start(args, results).end;

const tiny = (seed: number, steps: number) => [
  ...['longconv-lra', '--task', 'listops', '--scale', 'smoke'],
  ...['--steps', String(steps), '--seed', String(seed)],
];
const evidence = (results: string) => join(results, 'evidence', 'longconv-lra.jsonl');
const seedsIn = (results: string): number[] =>
  readFileSync(evidence(results), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).seed);

test('two runs of a claim with different seeds, on a machine that has nothing yet: both end, all is whole', async () => {
  const ended = await Promise.all([repro(tiny(1, 6)), repro(tiny(2, 6))]);
  for (const { code, err } of ended) assert.equal(code, 0, err);
  assert.deepEqual(seedsIn(join(folder, 'runs')).sort(), [1, 2]);
  const verified = await repro(['verify', 'longconv-lra']);
  assert.equal(verified.code, 0, verified.out);
  assert.match(verified.err, /^2 records, 0 wrong$/m);
});

test('the same run at once is refused, also with --fresh; after kill -9 it goes on, and ends as it would have', async () => {
  const whole = await repro([...tiny(3, 8), '--json'], join(folder, 'whole'));
  assert.equal(whole.code, 0, whole.err);
  const first = start(tiny(3, 8));
  assert.ok(await first.begun);
  process.kill(first.child.pid as number, 'SIGSTOP');
  const refused = new RegExp(
    `^repro: this run is being made by process ${first.child.pid} on \\S+: wait for it, or remove`,
    'm',
  );
  for (const more of [[], ['--fresh']]) {
    const { code, out, err } = await repro([...tiny(3, 8), ...more]);
    assert.equal(code, 2, out);
    assert.match(err, refused);
  }
  const status = await repro(['status']);
  assert.match(status.out, new RegExp(`listops-long-conv-seed3-.*running \\(process ${first.child.pid}\\)`));
  first.child.kill('SIGKILL');
  await first.end;
  const second = await repro([...tiny(3, 8), '--json']);
  assert.equal(second.code, 0, second.err);
  const of = ({ out }: Ended) => {
    const [{ test: tested, validation, config_hash }] = JSON.parse(out).runs;
    return { tested, validation, config_hash };
  };
  assert.deepEqual(of(second), of(whole));
  const runs = join(folder, 'runs', 'repro', 'longconv-lra', 'smoke');
  const [own] = readdirSync(runs).filter((name) => name.includes('seed3'));
  assert.ok(!readdirSync(join(runs, own)).some((name) => name.startsWith('lock')));
  assert.equal((await repro(['verify', 'longconv-lra'])).code, 0);
});

test('a full disk ends the run with 3 and one sentence; with room the same command ends it', async (t) => {
  const disk = join(folder, 'disk');
  if (!mount(disk, '-t', 'tmpfs', '-o', 'size=100k', 'tmpfs')) return t.skip('a small disk cannot be mounted here');
  try {
    const full = await repro(tiny(4, 4), disk);
    assert.equal(full.code, 3, full.err);
    const complaints = full.err.split('\n').filter((line) => line.startsWith('repro: '));
    assert.equal(complaints.length, 1, full.err);
    assert.match(
      complaints[0],
      /cannot be written \(no space is left on the device\): put that right.*; there is no checkpoint yet, and the same command/,
    );
    assert.ok(!existsSync(evidence(disk)));
    assert.ok(mount(disk, '-o', 'remount,size=20m'));
    const whole = await repro(tiny(4, 4), disk);
    assert.equal(whole.code, 0, whole.err);
    assert.deepEqual(seedsIn(disk), [4]);
  } finally {
    unmount(disk);
  }
});
