/** Every claim that is measured runs at smoke scale: its suites exist with these options, and its rows follow from them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { claimIds, loadClaim } from '../claim.ts';
import type { MeasuredSummary } from './results.ts';

const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
const launch = process.versions.bun ? [cli] : ['run', '-A', '--no-check', cli];
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-measure-smoke-'));
});
after(() => rmSync(folder, { recursive: true }));

const repro = (...args: string[]) =>
  spawnSync(process.execPath, [...launch, ...args], {
    encoding: 'utf8',
    env: { ...process.env, LONGCONV_RESULTS: join(folder, 'runs'), LONGCONV_COMMITTED: folder },
  });

/** `cli.test.ts` runs these two. */
const elsewhere = ['gss-speed', 'sgconv-memory-1m'];
const claims = (await Promise.all(claimIds().map(loadClaim)))
  .filter((claim) => claim.kind === 'measurement')
  .filter(({ id }) => !elsewhere.includes(id));

for (const claim of claims)
  test(`${claim.id} at smoke scale`, () => {
    const run = repro(claim.id, '--json');
    assert.equal(run.status, 0, run.stderr);
    const summary: MeasuredSummary[] = JSON.parse(run.stdout).summary;
    assert.ok(summary.some((s) => claim.cases[s.case].judged === 'ratio' && s.value > 0));
    assert.ok(summary.every((s) => s.verdict.kind === 'partial scale'));
    const verified = repro('verify', claim.id);
    assert.equal(verified.status, 0, verified.stdout);
  });
