import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { bytes, DownloadCase } from './test-case.ts';
import { fileOf, good } from './test-server.ts';

const at = new DownloadCase();

test('two runs at once fetch the file once', async () => {
  at.server.answer((req, res, n) => setTimeout(() => good(bytes)(req, res, n), 200));
  const both = await Promise.all([at.get(), at.get()]);
  assert.equal(both[0].sha256, both[1].sha256);
  assert.equal(at.server.asked.length, 1);
  at.whole();
  at.tidy();
  assert.match(at.said.join('\n'), /process \d+ on .* is at it; waiting for it/);
});

test('too little room on the disk is said before anything is asked for', async () => {
  at.server.answer(good(bytes));
  await assert.rejects(
    at.get(undefined, { free: () => 1 << 20 }),
    (e: Error) => e.name === 'StorageError' && /needs 293 KiB and .* has 1.* MiB free.*LONGCONV_CACHE/.test(e.message),
  );
  assert.equal(at.server.asked.length, 0);
  await assert.rejects(at.get(fileOf([at.server.url()]), { free: () => 1 << 20 }), /StorageError|needs 293 KiB/);
  assert.deepEqual(readdirSync(at.folder), []);
});
