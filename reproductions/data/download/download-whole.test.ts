import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytes, DownloadCase, N, sha256 } from './test-case.ts';
import { content, fileOf, good } from './test-server.ts';

const at = new DownloadCase();

test('a file comes whole, is checked, recorded, moved into place, and not fetched twice', async () => {
  at.server.answer(good(bytes));
  const record = await at.get();
  at.whole();
  at.tidy();
  assert.equal(record.sha256, sha256);
  assert.equal(record.trust, 'published sha256');
  assert.equal(record.bytes, N);
  await at.get();
  assert.equal(at.server.asked.length, 1);
});

test('without a published checksum the first copy is the measure of every later one', async () => {
  const file = fileOf([at.server.url()]);
  at.server.answer(good(bytes));
  assert.equal((await at.get(file)).trust, 'first use');
  rmSync(join(at.folder, 'file.tar.gz'));
  await at.get(file);
  rmSync(join(at.folder, 'file.tar.gz'));
  at.server.answer(good(content(N, 5), { etag: '"v2"' }));
  await assert.rejects(
    at.get(file),
    /is not the file that came on \d{4}-.*to trust it from now on, delete .*\.json and rename/,
  );
  assert.equal(existsSync(join(at.folder, 'file.tar.gz')), false);
  assert.equal(readdirSync(at.folder).filter((f) => f.includes('.changed-')).length, 1);
});

test('a file that lies there is checked and adopted; a damaged one is set aside and fetched again', async () => {
  at.server.answer(good(bytes));
  await at.get();
  rmSync(join(at.folder, 'file.tar.gz.json'));
  await at.get();
  assert.equal(at.server.asked.length, 1);
  truncateSync(join(at.folder, 'file.tar.gz'), 1000);
  await at.get();
  at.whole();
  assert.equal(at.server.asked.length, 2);
  assert.equal(statSync(join(at.folder, 'file.tar.gz.corrupt-1')).size, 1000);
  assert.match(at.said.join('\n'), /it is set aside as/);
});
