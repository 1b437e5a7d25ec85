import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { writeTar } from '../formats/tar-write.ts';
import { unpackOptions } from './test-archive.ts';
import { bytes, DownloadCase, N, sha256 } from './test-case.ts';
import { killWhen, start } from './test-process.ts';
import { content, fileOf, good, sum } from './test-server.ts';
import { unpack } from './unpack.ts';
import { unpackerOf } from './unpackers.ts';

const at = new DownloadCase();

test('killed in the middle of a download: the next run takes the lock over and asks for the rest', async () => {
  at.server.answer((_, res) => {
    res.writeHead(200, { 'content-length': N, etag: '"v1"' });
    res.write(bytes.subarray(0, 120_000));
  });
  const run = start({ folder: at.folder, urls: [at.server.url()], bytes: N, sha256 });
  const part = join(at.folder, 'file.tar.gz.part');
  await killWhen(run, () => existsSync(part) && statSync(part).size === 120_000);
  assert.ok(existsSync(join(at.folder, 'file.tar.gz.lock')), 'nobody was there to release the lock');
  at.server.answer(good(bytes));
  await at.get();
  at.whole();
  at.tidy();
  assert.deepEqual(
    at.server.asked.map(({ range }) => range),
    ['bytes=120000-'],
  );
});

test('two processes at once fetch the file once', async () => {
  at.server.answer((req, res, n) => setTimeout(() => good(bytes)(req, res, n), 300));
  const what = { folder: at.folder, urls: [at.server.url()], bytes: N, sha256 };
  const [one, two] = await Promise.all([start(what).ended, start(what).ended]);
  assert.deepEqual([one.code, two.code], [0, 0], one.err + two.err);
  assert.deepEqual(JSON.parse(one.out), JSON.parse(two.out));
  assert.equal(at.server.asked.length, 1);
  at.whole();
  at.tidy();
});

test('killed in the middle of unpacking: the next run goes on, and what was half written is made right', async () => {
  const files = Array.from({ length: 1500 }, (_, i) => ({
    ...{ path: `words/${i % 7}/${i}.txt`, bytes: content(1 + ((i * 37) % 3000), i) },
  }));
  const archive = gzipSync(writeTar(files));
  at.server.answer(good(archive));
  const published = { bytes: archive.length, sha256: sum('sha256', archive) };
  const run = start({ folder: at.folder, urls: [at.server.url()], ...published, unpacking: true });
  const aside = join(at.folder, 'file.unpacking');
  // Four of its seven folders are there, which the first four files make: wait for one far behind.
  await killWhen(run, () => existsSync(join(aside, 'words/5/250.txt')) || existsSync(join(aside, 'words/6/251.txt')));
  assert.equal(existsSync(join(at.folder, 'file')), false);
  // A crash of the machine may leave files short, or of the right size and wrong.
  const first = join(aside, 'words/0/7.txt');
  truncateSync(first, 20);
  const second = join(aside, 'words/1/8.txt');
  writeFileSync(second, new Uint8Array(statSync(second).size));
  const third = join(aside, 'words/2/9.txt');
  writeFileSync(third, Buffer.concat([readFileSync(third), Buffer.from('more')]));
  const kept = statSync(join(aside, 'words/3/10.txt'));
  const file = fileOf([at.server.url()], published);
  const record = await at.get(file);
  const said: string[] = [];
  const done = await unpack(at.folder, file, record, unpackerOf(file), unpackOptions(said));
  assert.match(said.join('\n'), /file\.tar\.gz: going on with what an earlier run has unpacked/);
  assert.equal(done.files, files.length);
  for (const { path, bytes } of files)
    assert.deepEqual(new Uint8Array(readFileSync(join(at.folder, 'file', path))), bytes, path);
  const now = statSync(join(at.folder, 'file', 'words/3/10.txt'));
  assert.deepEqual([now.ino, now.mtimeMs], [kept.ino, kept.mtimeMs], 'what was right has not been written again');
  assert.deepEqual(readdirSync(at.folder).sort(), ['file', 'file.tar.gz', 'file.tar.gz.json', 'file.unpacked.json']);
});
