import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { bytes, DownloadCase, N } from './test-case.ts';
import { fileOf, good, testServer } from './test-server.ts';

const at = new DownloadCase();

test('the next address is tried, and says why the first was not enough', async () => {
  at.server.answer((req, res, n) => (req.url === '/gone' ? res.writeHead(404).end() : good(bytes)(req, res, n)));
  const record = await at.get(at.file('/gone', '/copy'));
  at.whole();
  assert.equal(record.from, at.server.url('/copy'));
  assert.match(at.said.join('\n'), /does not have the file any more \(HTTP 404\)/);
});

test('403, 404, 410, 451 and 401 are final; each says what it means', async () => {
  for (const [status, sentence] of [
    [403, /refuses access: the file has been closed to the public/],
    [404, /does not have the file any more/],
    [410, /has removed the file for good/],
    [451, /legal reasons/],
    [401, /wants a login/],
  ] as [number, RegExp][]) {
    at.server.answer((_, res) => res.writeHead(status).end('<html>no</html>'));
    await assert.rejects(at.get(), (e: Error) => e.name === 'DownloadError' && sentence.test(e.message));
    assert.equal(at.server.asked.length, 1);
  }
  assert.deepEqual(readdirSync(at.folder), []);
});

test('500 is tried again; 429 waits as long as it is asked to, and not for ever', async () => {
  at.server.answer((req, res, n) => (n === 1 ? res.writeHead(500).end() : good(bytes)(req, res, n)));
  await at.get();
  assert.deepEqual(at.pauses, [1]);
  at.use('retry-after');
  at.server.answer((req, res, n) =>
    n === 1 ? res.writeHead(429, { 'retry-after': '7' }).end() : good(bytes)(req, res, n),
  );
  await at.get();
  assert.deepEqual(at.pauses, [7]);
  at.use('retry-late');
  at.server.answer((_, res) => res.writeHead(429, { 'retry-after': '3600' }).end());
  await assert.rejects(at.get(), /too many requests from here \(HTTP 429, and asks to wait 3600 s\)/);
  assert.deepEqual(at.pauses, []);
});

test('redirects are followed with the range, a loop is not, nor a redirect to nowhere', async () => {
  at.server.answer((req, res, n) => {
    if (req.url === '/file') return res.writeHead(302, { location: '/moved' }).end();
    return good(bytes, { upTo: n === 2 ? 100_000 : N })(req, res, n);
  });
  await at.get();
  at.whole();
  assert.ok(at.server.asked[3].range && at.server.asked[3].path === '/moved');
  at.use('loop');
  at.server.answer((_, res) => res.writeHead(302, { location: '/file' }).end());
  await assert.rejects(at.get(), /redirects more than 10 times/);
  at.server.answer((_, res) => res.writeHead(302).end());
  await assert.rejects(at.get(), /redirects to nowhere/);
});

test('a dead host, a closed port and a broken TLS handshake each have their sentence', async () => {
  const one = { patience: { ...at.patience, attempts: 1, stall: 3 } };
  await assert.rejects(
    at.get(fileOf(['http://nowhere.invalid/file']), one),
    /there is no host nowhere\.invalid|cannot be reached/,
  );
  const other = await testServer();
  const closed = other.url();
  await other.close();
  await assert.rejects(at.get(fileOf([closed]), one), /does not accept connections/);
  await assert.rejects(
    at.get(fileOf([at.server.url().replace('http:', 'https:')]), { patience: { ...one.patience, stall: 1 } }),
    /no safe connection to|did not answer|broke/,
  );
});

test('a stall ends the connection and the rest is asked for', async () => {
  at.server.answer((req, res, n) => {
    if (n > 1) return good(bytes)(req, res, n);
    res.writeHead(200, { 'content-length': N, etag: '"v1"' });
    res.write(bytes.subarray(0, 50_000));
  });
  await at.get();
  at.whole();
  assert.match(at.said.join('\n'), /nothing has come from .* for 0\.4 s/);
  assert.ok(at.server.asked[1].range);
});

test('a server that accepts and never answers is given up after its tries', async () => {
  at.server.answer(() => {});
  await assert.rejects(at.get(), /did not answer for 0\.4 s.*2 times in a row/);
});
