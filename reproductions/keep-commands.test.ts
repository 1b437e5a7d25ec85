/** `repro keep`, `table --write` and `--check`, and `verify`, one after the other, as they are called. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import h3 from './claims/h3-synthetics.ts';
import { finished, leave } from './kept-evidence.fixture.ts';

const previous = process.env.LONGCONV_RESULTS;
const root = mkdtempSync(join(tmpdir(), 'longconv-keeping-'));
process.env.LONGCONV_RESULTS = join(root, 'runs');
after(() => {
  if (previous === undefined) delete process.env.LONGCONV_RESULTS;
  else process.env.LONGCONV_RESULTS = previous;
  rmSync(root, { recursive: true });
});

function repro(...args: string[]) {
  const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));
  const run = process.versions.bun ? [cli] : ['run', '-A', '--no-check', cli];
  const env = { ...process.env, LONGCONV_COMMITTED: root, LONGCONV_CACHE: join(root, 'cache') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...run, ...args], { env, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

test('what is kept is on the pages, and what was changed afterwards is found', { timeout: 120_000 }, () => {
  writeFileSync(join(root, 'README.md'), '<!-- claims: written by "repro table --write" -->\n<!-- end of claims -->\n');
  for (const seed of [0, 1]) leave(finished(h3, { task: 'induction', model: 'h3', seed, value: 0.99 }));
  assert.match(repro('keep', 'gss-speed').out, /^Nothing new to keep/);
  const kept = repro('keep');
  assert.equal(kept.code, 0, kept.err);
  assert.equal(kept.out, 'h3-synthetics: kept 2 runs, 2 curves\n');
  const stale = repro('table', '--check');
  assert.equal(stale.code, 1);
  assert.match(stale.out, /results\/README\.md is missing/);
  assert.match(stale.err, /repro table --write makes them anew/);
  assert.match(repro('table', '--write').err, /^written: .*results\/charts\/claims\/h3-synthetics\.svg/);
  assert.equal(repro('table', '--check').code, 0);
  assert.match(
    readFileSync(join(root, 'README.md'), 'utf8'),
    /\| Induction head: 99\.00 \[99\.00, 99\.00\] \| desk, gen/,
  );
  assert.match(repro('list').out, /h3-synthetics +│ partial scale +│ .*Induction head: ~100.*99\.00 \[/);
  assert.equal(repro('table', '--check', '--write').code, 2);

  const verified = repro('verify', 'h3-synthetics');
  assert.equal(verified.code, 0, verified.out);
  assert.match(verified.err, /2 records, 0 wrong/);
  const file = join(root, 'results', 'evidence', 'curves', 'h3-synthetics.jsonl');
  const [first, second] = readFileSync(file, 'utf8').trim().split('\n');
  const curve = JSON.parse(first);
  const better = { ...curve, validation: curve.validation.map(([step, loss]: number[]) => [step, loss, 0.995]) };
  const nobody = { ...curve, evidence: 'nobody' };
  writeFileSync(file, [JSON.stringify(better), second, JSON.stringify(nobody), ''].join('\n'));
  const changed = repro('verify', 'h3-synthetics');
  assert.equal(changed.code, 1);
  assert.match(
    changed.out,
    /seed 0: .*wrong: its kept curve is best on validation at step \d+ with 0\.995, and not at/,
  );
  assert.match(changed.out, /curve nobody: a kept curve; wrong: there is no kept record that it is of/);
  assert.match(changed.out, /seed 1: .*; holds/);
});
