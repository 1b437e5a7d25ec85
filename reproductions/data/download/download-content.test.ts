import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytes, DownloadCase, N } from './test-case.ts';
import { content, fileOf, good, sum } from './test-server.ts';

const at = new DownloadCase();

test('a file of another size than the published one is refused before its body', async () => {
  at.server.answer(good(bytes.subarray(0, 1234)));
  await assert.rejects(at.get(), /offers a file of 1234 bytes, and the published one has 300000/);
  assert.deepEqual(readdirSync(at.folder), []);
});

test('a server that promises more than it sends never gives a file', async () => {
  at.server.answer((_, res) => {
    res.writeHead(200, { 'content-length': N, etag: '"v1"' });
    res.write(bytes.subarray(0, 1000), () => setTimeout(() => res.destroy(), 20));
  });
  await assert.rejects(at.get(), /after 1000 of 300000 bytes|does not|3 times in a row/);
  assert.equal(existsSync(join(at.folder, 'file.tar.gz')), false);
});

test('a body without a length that goes on past the published size is cut off', async () => {
  at.server.answer((_, res) => {
    res.writeHead(200, { etag: '"v1"' });
    res.write(bytes);
    res.end(bytes);
  });
  await assert.rejects(at.get(), /sends more than the 300000 bytes/);
  assert.deepEqual(readdirSync(at.folder), []);
});

test('a body without a length is accepted when the checksum is right, and continued when it is cut', async () => {
  at.server.answer((_, res, n) => {
    if (n > 1) return good(bytes)(_, res, n);
    res.writeHead(200, { etag: '"v1"' });
    res.write(bytes.subarray(0, 90_000), () => setTimeout(() => res.destroy(), 20));
  });
  await at.get();
  at.whole();
});

test('wrong bytes of the right size never get into place; another address is tried', async () => {
  const wrong = content(N, 3);
  at.server.answer((req, res, n) => good(req.url === '/copy' ? bytes : wrong)(req, res, n));
  await assert.rejects(at.get(), /sends a wrong file \(its sha256 is [0-9a-f]{64}, and the published one is/);
  assert.deepEqual(readdirSync(at.folder), []);
  await at.get(at.file('/file', '/copy'));
  at.whole();
  at.use('md5');
  await assert.rejects(at.get(fileOf([at.server.url()], { md5: sum('md5', bytes) })), /its md5 is/);
  assert.equal((await at.get(fileOf([at.server.url('/copy')], { md5: sum('md5', bytes) }))).trust, 'published md5');
});

test('a web page in the place of the file is known by its first bytes', async () => {
  const page = new TextEncoder().encode('<!doctype html><title>Sign in</title>');
  at.server.answer((_, res) => res.writeHead(200, { 'content-type': 'text/html' }).end(page));
  await assert.rejects(
    at.get(fileOf([at.server.url()])),
    /sends something else \(it is a web page, not a tar\.gz file\)/,
  );
  assert.deepEqual(readdirSync(at.folder), []);
});
