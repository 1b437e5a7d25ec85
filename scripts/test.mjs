// `npm test`: the whole suite under Bun; ends with "N passed, N failed" (", N skipped" where tests were) on a line.
// Arguments are passed on: npm test -- kernels/ops/matmul
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'longconv-test-'));
const report = join(folder, 'junit.xml');
const bun = join(root, 'node_modules', '.bin', 'bun');
const args = [
  'test',
  '--timeout',
  '300000',
  '--reporter=junit',
  `--reporter-outfile=${report}`,
  ...process.argv.slice(2),
];
const child = spawn(existsSync(bun) ? bun : 'bun', args, { cwd: root, stdio: 'inherit' });
child.on('error', () => {
  process.stderr.write('Bun is not installed: run "npm ci" first.\n');
  process.exit(3);
});
child.on('exit', (code) => {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  if (existsSync(report)) {
    const xml = readFileSync(report, 'utf8');
    const total = /<testsuites[^>]*\btests="(\d+)"/.exec(xml);
    const count = (name) => Number(new RegExp(`<testsuites[^>]*\\b${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
    failed = count('failures') + count('errors');
    skipped = count('skipped');
    passed = Number(total?.[1] ?? 0) - failed - skipped;
  }
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0 && failed === 0) failed = 1; // a crash, or a file that did not load
  if (passed === 0) process.stderr.write('no test ran\n');
  process.stdout.write(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}\n`);
  process.exit(failed || !passed ? 1 : 0);
});
