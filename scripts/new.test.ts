/** A newcomer adds an op, a model, a suite and a claim with the scaffolding: each is one place, and each runs. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const rooms = ['bench', 'kernels', 'models', 'reproductions', 'results', 'scripts', 'build'];

function files(folder: string): string[] {
  return rooms
    .filter((room) => room !== 'build' && existsSync(join(folder, room)))
    .flatMap((room) => readdirSync(join(folder, room), { recursive: true, withFileTypes: true }))
    .filter((f) => f.isFile())
    .map((f) => relative(folder, join(f.parentPath, f.name)))
    .sort();
}

/** A copy of the project without the golden vectors' tensors and runs. */
function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'longconv-new-'));
  const vectors = join(root, 'bench', 'golden', 'vectors');
  const skip = (from: string) =>
    from === join(root, 'results', 'runs') || (from.startsWith(vectors) && from.endsWith('.bin'));
  for (const room of rooms)
    if (existsSync(join(root, room)))
      cpSync(join(root, room), join(copy, room), { recursive: true, filter: (from) => !skip(from) });
  for (const file of ['package.json', 'tsconfig.json', 'bunfig.toml']) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

test('scaffolding: an op is one folder, a model a mixer and its cases, a suite and a claim one file each; all of them run', () => {
  const copy = copyProject();
  try {
    const run = (...args: string[]) =>
      execFileSync(process.execPath, args, { cwd: copy, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const before = files(copy);
    const added = (kind: string) => {
      const known = files(copy);
      run('scripts/new.ts', kind, 'newcomer');
      return files(copy).filter((f) => !known.includes(f));
    };
    assert.deepEqual(
      added('op'),
      ['cpu.cc', 'op.ts', 'reference.ts'].map((f) => `kernels/ops/newcomer/${f}`),
    );
    assert.deepEqual(added('model'), ['models/cases/newcomer.ts', 'models/mixers/newcomer.ts']);
    assert.deepEqual(added('suite'), ['bench/suites/newcomer.ts']);
    assert.deepEqual(added('claim'), ['reproductions/claims/newcomer.ts']);
    assert.equal(files(copy).length, before.length + 7);

    execFileSync('node', ['kernels/native/build.mjs', '--quiet'], { cwd: copy, stdio: 'inherit' });
    const checked = run('bench/cli.ts', 'check', '--only', 'newcomer', '--golden', 'none', '--device', 'cpu', '--json');
    const lines = checked
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.ok(lines.length >= 3 && lines.every((l) => l.status === 'pass' && l.device === 'cpu'), checked);
    assert.match(run('bench/cli.ts', 'list', '--models'), /newcomer/);
    for (const file of ['gradients', 'causality', 'parameters'])
      run('test', `models/${file}.test.ts`, '-t', 'newcomer');
    const rows = run('bench/cli.ts', 'run', 'newcomer', '--lengths', '64', '--rounds', '2', '--format', 'jsonl');
    for (const line of rows.trim().split('\n')) assert.ok(JSON.parse(line).ms > 0);
    assert.match(run('reproductions/cli.ts', 'list'), /newcomer/);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

test('scaffolding refuses what is no id, and what exists already', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'scripts/new.ts'), ...args], { encoding: 'utf8' });
  for (const [args, sentence] of [
    [['op', 'Bad Name'], /is not an id/],
    [['model', 's4d'], /exists already/],
    [['planet', 'x'], /usage/],
  ] as const) {
    const r = run(...args);
    assert.equal(r.status, 2);
    assert.match(r.stderr, sentence);
  }
});
