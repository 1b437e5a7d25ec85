import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { holder, lock } from './lock.ts';

let folder = '';
let file = '';
const children = new Set<ChildProcess>();
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-lock-'));
  file = join(folder, 'lock');
});
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** The id of a process that was there. */
const gone = (): number => spawnSync(process.execPath, ['--version']).pid;
const written = (pid: number, host = hostname()) => writeFileSync(file, JSON.stringify({ pid, host }));

test('a lock is held, refused to others by name, and given back without a trace', () => {
  const unlock = lock(folder);
  assert.deepEqual(holder(folder), { pid: process.pid, host: hostname() });
  assert.throws(() => lock(folder), {
    name: 'UsageError',
    message: new RegExp(`is being made by process ${process.pid} on .*: wait for it, or remove ${file}`),
  });
  unlock();
  assert.equal(holder(folder), null);
  assert.deepEqual(readdirSync(folder), []);
});

test('what a process that is gone has left, or is no lock, is taken over', () => {
  for (const leave of [() => written(gone()), () => writeFileSync(file, ''), () => writeFileSync(file, '{"pid"')]) {
    leave();
    assert.equal(holder(folder), null);
    lock(folder)();
    assert.deepEqual(readdirSync(folder), []);
  }
});

test('a lock of another machine holds, whatever runs here; one that somebody else has taken is not given back', () => {
  written(gone(), 'another-machine');
  assert.throws(() => lock(folder), /on another-machine: wait for it/);
  rmSync(file);
  const unlock = lock(folder);
  written(gone(), 'another-machine');
  unlock();
  assert.ok(existsSync(file));
  rmSync(file);
});

/** Starts a process that takes the lock at a moment; what it says. */
function taker(moment: number): Promise<string> {
  const script = fileURLToPath(new URL('./lock.fixture.ts', import.meta.url));
  const runtime = process.versions.bun ? [] : ['run', '-A', '--no-check'];
  const child = spawn(process.execPath, [...runtime, script, folder, String(moment)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  child.on('close', () => children.delete(child));
  return new Promise((resolve) => child.stdout?.once('data', (text) => resolve(String(text))));
}

test('of processes that find the lock of one that is gone at the same moment, one gets it', async () => {
  for (let round = 0; round < 3; round++) {
    written(gone());
    const moment = Date.now() + 1500;
    const said = await Promise.all(Array.from({ length: 5 }, () => taker(moment)));
    assert.equal(said.filter((line) => line === 'taken\n').length, 1, said.join(''));
    assert.equal(
      said.filter((line) => line.startsWith('UsageError: this run is being made by')).length,
      4,
      said.join(''),
    );
    const ended = [...children].map((child) => new Promise((resolve) => child.once('close', resolve)));
    for (const child of children) child.stdin?.end();
    await Promise.all(ended);
    assert.deepEqual(readdirSync(folder), []);
  }
});
