/** The command line as a shell sees it: exit codes, streams, suggestions. Each test starts the real program. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('cli.ts', import.meta.url));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function bench(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const launch = process.versions.bun ? [cli] : ['run', '-A', cli];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...launch, ...args],
      { env: { ...process.env, ...env }, maxBuffer: 1 << 26 },
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
  ];
  for (const r of await Promise.all(cases.map(([args]) => bench(args)))) {
    assert.equal(r.code, 2, r.stderr);
    assert.equal(r.stdout, '');
    assert.doesNotMatch(r.stderr, /\n\s+at /);
  }
  for (const [args, expected] of cases.slice(0, 3)) assert.match((await bench(args)).stderr, expected);
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
  const folder = mkdtempSync(join(tmpdir(), 'longconv-golden-'));
  const r = await bench(['check', '--golden', folder]);
  rmSync(folder, { recursive: true });
  assert.equal(r.code, 2);
  assert.match(r.stderr, /holds no golden vectors/);
});

test('a device that is known but cannot be opened exits 3 and says what to do', async () => {
  const r = await bench(['check', '--device', 'cpu', '--only', 'unary'], { LONGCONV_ISA: 'vax' });
  assert.equal(r.code, 3);
  assert.match(r.stderr, /LONGCONV_ISA=vax cannot run on this processor: unset it/);
});
