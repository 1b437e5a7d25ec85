import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stateOf } from './state.ts';
import { bytes, DownloadCase, N } from './test-case.ts';
import { content, fileOf, good } from './test-server.ts';

const at = new DownloadCase();

test('a connection that breaks in the middle is taken up where it broke, under the same version', async () => {
  at.server.answer((req, res, n) => good(bytes, { upTo: n === 1 ? 100_000 : n === 2 ? 250_000 : N })(req, res, n));
  await at.get();
  at.whole();
  at.tidy();
  assert.equal(at.server.asked.length, 3);
  assert.match(at.server.asked[1].range ?? '', /^bytes=\d+-$/);
  assert.ok(Number(/\d+/.exec(at.server.asked[1].range ?? '')?.[0]) > 0);
  assert.equal(at.server.asked[1].ifRange, '"v1"');
  // Both failures came after progress: each counts as the first.
  assert.deepEqual(at.pauses, [1, 1]);
});

test('a part from an earlier run is continued, also without a published checksum', async () => {
  const file = fileOf([at.server.url()]);
  at.server.answer(good(bytes, { upTo: 120_000 }));
  await assert.rejects(
    at.get(file, { patience: { ...at.patience, attempts: 1 } }),
    /bytes that have arrived are kept|KiB that have arrived are kept/,
  );
  const state = stateOf(at.folder, file);
  assert.equal(state.kind, 'partial');
  assert.ok(state.kind === 'partial' && state.bytes > 0 && state.bytes <= 120_000 && state.total === N);
  at.server.answer(good(bytes));
  const record = await at.get(file);
  at.whole();
  at.tidy();
  assert.equal(record.trust, 'first use');
  assert.equal(at.server.asked.length, 1);
  assert.ok(at.server.asked[0].range);
});

test('content that changes between two parts is noticed by its ETag, with and without If-Range', async () => {
  const old = content(N, 9);
  for (const honest of [true, false]) {
    at.use(`changed-${honest}`);
    at.server.answer((req, res, n) => {
      if (n === 1) return good(old, { etag: '"old"', upTo: 100_000 })(req, res, n);
      if (!honest) delete req.headers['if-range'];
      return good(bytes, { etag: '"new"' })(req, res, n);
    });
    await at.get(fileOf([at.server.url()]));
    at.whole();
    assert.match(at.said.join('\n'), honest ? /sends all of it again/ : /a part of another file, so it starts over/);
  }
});

test('parts that do not fit together under one ETag are found by the checksum, and it starts over once', async () => {
  const old = content(N, 9);
  at.server.answer((req, res, n) => good(n === 1 ? old : bytes, { upTo: n === 1 ? 100_000 : N })(req, res, n));
  await at.get();
  at.whole();
  assert.match(at.said.join('\n'), /its sha256 is .* the published one is .*starts over/);
});

test('a server without ranges sends everything again, and the file is still right', async () => {
  at.server.answer((req, res, n) => {
    delete req.headers.range;
    return good(bytes, { upTo: n === 1 ? 100_000 : N })(req, res, n);
  });
  await at.get();
  at.whole();
  assert.match(at.said.join('\n'), /sends all of it again/);
});

test('a server that names no versions is only continued when a checksum will tell', async () => {
  const flaky = () =>
    at.server.answer((req, res, n) => good(bytes, { etag: null, upTo: n === 1 ? 100_000 : N })(req, res, n));
  flaky();
  await at.get();
  assert.ok(at.server.asked[1].range);
  flaky();
  at.use('no-versions');
  await at.get(fileOf([at.server.url()]));
  at.whole();
  assert.equal(at.server.asked[1].range, null);
});

test('a wrong part (another offset than asked for) is refused', async () => {
  at.server.answer((req, res, n) => {
    if (n === 2) {
      res.writeHead(206, { 'content-range': `bytes 7-${N - 1}/${N}`, 'content-length': N - 7, etag: '"v1"' });
      res.end(bytes.subarray(7));
    } else good(bytes, { upTo: n === 1 ? 100_000 : N })(req, res, n);
  });
  await at.get();
  at.whole();
});

test('a part from one address is finished from another when a checksum is published', async () => {
  at.server.answer((req, res, n) => {
    if (req.url === '/second') return good(bytes, { etag: '"other"' })(req, res, n);
    return n === 1 ? good(bytes, { upTo: 100_000 })(req, res, n) : res.writeHead(403).end();
  });
  await at.get(at.file('/first', '/second'));
  at.whole();
  const last = at.server.asked[at.server.asked.length - 1];
  assert.equal(last.path, '/second');
  assert.ok(last.range);
  assert.equal(last.ifRange, null);
});

test('interrupted: the part stays and the next run goes on from it', async () => {
  const stop = new AbortController();
  at.server.answer((_, res) => {
    res.writeHead(200, { 'content-length': N, etag: '"v1"' });
    res.write(bytes.subarray(0, 100_000), () => setTimeout(() => stop.abort(new Error('stopped here')), 100));
  });
  await assert.rejects(at.get(undefined, { signal: stop.signal }), /stopped here/);
  assert.equal(existsSync(join(at.folder, 'file.tar.gz.lock')), false);
  assert.equal(stateOf(at.folder, fileOf([])).kind, 'partial');
  at.server.answer(good(bytes));
  await at.get();
  at.whole();
  at.tidy();
  assert.equal(at.server.asked[0].range, 'bytes=100000-');
});

test('a part longer than the file, or all of it without its end, is dealt with', async () => {
  at.server.answer(good(bytes));
  for (const [length, asked] of [
    [N + 5, 1],
    [N, 0],
  ]) {
    at.use(`part-${length}`);
    const first = new AbortController();
    first.abort(new Error('not yet'));
    await assert.rejects(at.get(undefined, { signal: first.signal }), /not yet/);
    const part = new Uint8Array(length);
    part.set(bytes);
    writeFileSync(join(at.folder, 'file.tar.gz.part'), part);
    const origin = { url: at.server.url(), etag: '"v1"', modified: null, total: N };
    writeFileSync(join(at.folder, 'file.tar.gz.part.json'), JSON.stringify(origin));
    at.server.answer(good(bytes));
    await at.get();
    at.whole();
    assert.equal(at.server.asked.length, asked);
  }
});

test('the file became shorter than the part (HTTP 416): it starts over', async () => {
  const file = fileOf([at.server.url()]);
  at.server.answer(good(content(N * 2), { upTo: N + 1000 }));
  await assert.rejects(at.get(file, { patience: { ...at.patience, attempts: 1 } }));
  at.server.answer((req, res, n) => {
    if (req.headers.range) res.writeHead(416, { 'content-range': `bytes */${N}` }).end();
    else good(bytes)(req, res, n);
  });
  await at.get(file);
  at.whole();
});
