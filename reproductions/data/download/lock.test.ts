import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { acquire } from './lock.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-lock-'));
});
after(() => rmSync(folder, { recursive: true }));

test('one after another, in one process too; a waiting run can be stopped', async () => {
  const path = join(folder, 'a.lock');
  const first = await acquire(path);
  const order: string[] = [];
  const second = acquire(path, { every: 5, waiting: (holder) => order.push(holder) }).then((lock) => {
    order.push('second');
    return lock;
  });
  const stop = new AbortController();
  const third = acquire(path, { every: 5, signal: stop.signal });
  await new Promise((resolve) => setTimeout(resolve, 40));
  stop.abort(new Error('enough'));
  await assert.rejects(third, /enough/);
  order.push('released');
  first.release();
  const lock = await second;
  assert.match(order[0], new RegExp(`^process ${process.pid} on`));
  assert.deepEqual(order.slice(1), ['released', 'second']);
  lock.confirm();
  lock.release();
  assert.deepEqual(readdirSync(folder), []);
});

test('the lock of a dead process is taken over, by one of many', async () => {
  const path = join(folder, 'dead.lock');
  const { pid } = spawnSync('true');
  writeFileSync(path, JSON.stringify({ pid, host: hostname(), token: 'gone' }));
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const lock = await acquire(path, { every: 2 });
      most = Math.max(most, ++holders);
      lock.confirm();
      await new Promise((resolve) => setTimeout(resolve, 5));
      holders--;
      lock.release();
    }),
  );
  assert.equal(most, 1);
  assert.deepEqual(readdirSync(folder), []);
});

test('a process that has the number of a dead one does not hold its lock', {
  skip: !existsSync('/proc/self/stat'),
}, async () => {
  const path = join(folder, 'reused.lock');
  const mine = { pid: process.pid, host: hostname(), token: 'before' };
  writeFileSync(path, JSON.stringify({ ...mine, began: '1' }));
  (await acquire(path, { every: 5 })).release();
  // Without a time of beginning the number alone counts.
  writeFileSync(path, JSON.stringify(mine));
  await assert.rejects(acquire(path, { every: 5, signal: AbortSignal.timeout(50) }));
});

test('another machine is believed while it shows itself, and not after ten minutes of silence', async () => {
  const path = join(folder, 'far.lock');
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', token: 'far' }));
  await assert.rejects(acquire(path, { every: 5, signal: AbortSignal.timeout(50) }));
  const old = new Date(Date.now() - 3_600_000);
  utimesSync(path, old, old);
  (await acquire(path, { every: 5 })).release();
  assert.equal(existsSync(path), false);
});

test('who has lost the lock stops and does not remove the new one', async () => {
  const path = join(folder, 'lost.lock');
  const lock = await acquire(path);
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', token: 'other' }));
  assert.throws(() => lock.confirm(), /was taken over by another run/);
  lock.release();
  assert.ok(existsSync(path));
});
