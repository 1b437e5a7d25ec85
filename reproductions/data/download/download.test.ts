import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type DownloadOptions, download } from './download.ts';
import type { Patience } from './patience.ts';
import { stateOf } from './state.ts';
import { content, fileOf, good, sum, type TestServer, testServer } from './test-server.ts';

const N = 300_000;
const bytes = content(N);
const sha256 = sum('sha256', bytes);
let root = '';
let folder = '';
let server: TestServer;
let said: string[] = [];
let pauses: number[] = [];
let tests = 0;

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'longconv-download-'));
  server = await testServer();
});
after(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  folder = join(root, String(tests++));
  said = [];
  pauses = [];
});

const patience: Patience = {
  ...{ stall: 0.4, attempts: 3, silentAttempts: 2, longestPause: 100 },
  backoff: (failures) => failures,
  pause: async (seconds) => {
    pauses.push(seconds);
  },
};
const options = (more: Partial<DownloadOptions> = {}): DownloadOptions => ({
  signal: new AbortController().signal,
  report: { live: () => {}, say: (text) => said.push(text) },
  patience,
  ...more,
});
const get = (file = fileOf([server.url()], { bytes: N, sha256 }), more: Partial<DownloadOptions> = {}) =>
  download(folder, file, options(more));
const whole = (name = 'file.tar.gz') =>
  assert.deepEqual(new Uint8Array(readFileSync(join(folder, name))), bytes, 'the file is whole');
/** Nothing but the file and its record is left. */
const tidy = () => assert.deepEqual(readdirSync(folder).sort(), ['file.tar.gz', 'file.tar.gz.json']);

test('a file comes whole, is checked, recorded, moved into place, and not fetched twice', async () => {
  server.answer(good(bytes));
  const record = await get();
  whole();
  tidy();
  assert.equal(record.sha256, sha256);
  assert.equal(record.trust, 'published sha256');
  assert.equal(record.bytes, N);
  await get();
  assert.equal(server.asked.length, 1);
});

test('a connection that breaks in the middle is taken up where it broke, under the same version', async () => {
  server.answer((req, res, n) => good(bytes, { upTo: n === 1 ? 100_000 : n === 2 ? 250_000 : N })(req, res, n));
  await get();
  whole();
  tidy();
  assert.equal(server.asked.length, 3);
  assert.match(server.asked[1].range ?? '', /^bytes=\d+-$/);
  assert.ok(Number(/\d+/.exec(server.asked[1].range ?? '')?.[0]) > 0);
  assert.equal(server.asked[1].ifRange, '"v1"');
  // Both failures came after progress: each counts as the first.
  assert.deepEqual(pauses, [1, 1]);
});

test('a part from an earlier run is continued, also without a published checksum', async () => {
  const file = fileOf([server.url()]);
  server.answer(good(bytes, { upTo: 120_000 }));
  await assert.rejects(
    get(file, { patience: { ...patience, attempts: 1 } }),
    /bytes that have arrived are kept|KiB that have arrived are kept/,
  );
  const state = stateOf(folder, file);
  assert.equal(state.kind, 'partial');
  assert.ok(state.kind === 'partial' && state.bytes > 0 && state.bytes <= 120_000 && state.total === N);
  server.answer(good(bytes));
  const record = await get(file);
  whole();
  tidy();
  assert.equal(record.trust, 'first use');
  assert.equal(server.asked.length, 1);
  assert.ok(server.asked[0].range);
});

test('content that changes between two parts is noticed by its ETag, with and without If-Range', async () => {
  const old = content(N, 9);
  for (const honest of [true, false]) {
    folder = join(root, `changed-${honest}`);
    server.answer((req, res, n) => {
      if (n === 1) return good(old, { etag: '"old"', upTo: 100_000 })(req, res, n);
      if (!honest) delete req.headers['if-range'];
      return good(bytes, { etag: '"new"' })(req, res, n);
    });
    await get(fileOf([server.url()]));
    whole();
    assert.match(said.join('\n'), honest ? /sends all of it again/ : /a part of another file, so it starts over/);
  }
});

test('parts that do not fit together under one ETag are found by the checksum, and it starts over once', async () => {
  const old = content(N, 9);
  server.answer((req, res, n) => good(n === 1 ? old : bytes, { upTo: n === 1 ? 100_000 : N })(req, res, n));
  await get();
  whole();
  assert.match(said.join('\n'), /its sha256 is .* the published one is .*starts over/);
});

test('a server without ranges sends everything again, and the file is still right', async () => {
  server.answer((req, res, n) => {
    delete req.headers.range;
    return good(bytes, { upTo: n === 1 ? 100_000 : N })(req, res, n);
  });
  await get();
  whole();
  assert.match(said.join('\n'), /sends all of it again/);
});

test('a server that names no versions is only continued when a checksum will tell', async () => {
  const flaky = () =>
    server.answer((req, res, n) => good(bytes, { etag: null, upTo: n === 1 ? 100_000 : N })(req, res, n));
  flaky();
  await get();
  assert.ok(server.asked[1].range);
  flaky();
  folder = join(root, 'no-versions');
  await get(fileOf([server.url()]));
  whole();
  assert.equal(server.asked[1].range, null);
});

test('a wrong part (another offset than asked for) is refused', async () => {
  server.answer((req, res, n) => {
    if (n === 2) {
      res.writeHead(206, { 'content-range': `bytes 7-${N - 1}/${N}`, 'content-length': N - 7, etag: '"v1"' });
      res.end(bytes.subarray(7));
    } else good(bytes, { upTo: n === 1 ? 100_000 : N })(req, res, n);
  });
  await get();
  whole();
});

test('a stall ends the connection and the rest is asked for', async () => {
  server.answer((req, res, n) => {
    if (n > 1) return good(bytes)(req, res, n);
    res.writeHead(200, { 'content-length': N, etag: '"v1"' });
    res.write(bytes.subarray(0, 50_000));
  });
  await get();
  whole();
  assert.match(said.join('\n'), /nothing has come from .* for 0\.4 s/);
  assert.ok(server.asked[1].range);
});

test('a server that accepts and never answers is given up after its tries', async () => {
  server.answer(() => {});
  await assert.rejects(get(), /did not answer for 0\.4 s.*2 times in a row/);
});

test('the next address is tried, and says why the first was not enough', async () => {
  server.answer((req, res, n) => (req.url === '/gone' ? res.writeHead(404).end() : good(bytes)(req, res, n)));
  const record = await get(fileOf([server.url('/gone'), server.url('/copy')], { bytes: N, sha256 }));
  whole();
  assert.equal(record.from, server.url('/copy'));
  assert.match(said.join('\n'), /does not have the file any more \(HTTP 404\)/);
});

test('a part from one address is finished from another when a checksum is published', async () => {
  server.answer((req, res, n) => {
    if (req.url === '/second') return good(bytes, { etag: '"other"' })(req, res, n);
    return n === 1 ? good(bytes, { upTo: 100_000 })(req, res, n) : res.writeHead(403).end();
  });
  await get(fileOf([server.url('/first'), server.url('/second')], { bytes: N, sha256 }));
  whole();
  const last = server.asked[server.asked.length - 1];
  assert.equal(last.path, '/second');
  assert.ok(last.range);
  assert.equal(last.ifRange, null);
});

test('403, 404, 410, 451 and 401 are final; each says what it means', async () => {
  for (const [status, sentence] of [
    [403, /refuses access: the file has been closed to the public/],
    [404, /does not have the file any more/],
    [410, /has removed the file for good/],
    [451, /legal reasons/],
    [401, /wants a login/],
  ] as [number, RegExp][]) {
    server.answer((_, res) => res.writeHead(status).end('<html>no</html>'));
    await assert.rejects(get(), (e: Error) => e.name === 'DownloadError' && sentence.test(e.message));
    assert.equal(server.asked.length, 1);
  }
  assert.deepEqual(readdirSync(folder), []);
});

test('500 is tried again; 429 waits as long as it is asked to, and not for ever', async () => {
  server.answer((req, res, n) => (n === 1 ? res.writeHead(500).end() : good(bytes)(req, res, n)));
  await get();
  assert.deepEqual(pauses, [1]);
  folder = join(root, 'retry-after');
  pauses = [];
  server.answer((req, res, n) =>
    n === 1 ? res.writeHead(429, { 'retry-after': '7' }).end() : good(bytes)(req, res, n),
  );
  await get();
  assert.deepEqual(pauses, [7]);
  folder = join(root, 'retry-late');
  pauses = [];
  server.answer((_, res) => res.writeHead(429, { 'retry-after': '3600' }).end());
  await assert.rejects(get(), /too many requests from here \(HTTP 429, and asks to wait 3600 s\)/);
  assert.deepEqual(pauses, []);
});

test('redirects are followed with the range, a loop is not, nor a redirect to nowhere', async () => {
  server.answer((req, res, n) => {
    if (req.url === '/file') return res.writeHead(302, { location: '/moved' }).end();
    return good(bytes, { upTo: n === 2 ? 100_000 : N })(req, res, n);
  });
  await get();
  whole();
  assert.ok(server.asked[3].range && server.asked[3].path === '/moved');
  folder = join(root, 'loop');
  server.answer((_, res) => res.writeHead(302, { location: '/file' }).end());
  await assert.rejects(get(), /redirects more than 10 times/);
  server.answer((_, res) => res.writeHead(302).end());
  await assert.rejects(get(), /redirects to nowhere/);
});

test('a file of another size than the published one is refused before its body', async () => {
  server.answer(good(bytes.subarray(0, 1234)));
  await assert.rejects(get(), /offers a file of 1234 bytes, and the published one has 300000/);
  assert.deepEqual(readdirSync(folder), []);
});

test('a server that promises more than it sends never gives a file', async () => {
  server.answer((_, res) => {
    res.writeHead(200, { 'content-length': N, etag: '"v1"' });
    res.write(bytes.subarray(0, 1000), () => setTimeout(() => res.destroy(), 20));
  });
  await assert.rejects(get(), /after 1000 of 300000 bytes|does not|3 times in a row/);
  assert.equal(existsSync(join(folder, 'file.tar.gz')), false);
});

test('a body without a length that goes on past the published size is cut off', async () => {
  server.answer((_, res) => {
    res.writeHead(200, { etag: '"v1"' });
    res.write(bytes);
    res.end(bytes);
  });
  await assert.rejects(get(), /sends more than the 300000 bytes/);
  assert.deepEqual(readdirSync(folder), []);
});

test('a body without a length is accepted when the checksum is right, and continued when it is cut', async () => {
  server.answer((_, res, n) => {
    if (n > 1) return good(bytes)(_, res, n);
    res.writeHead(200, { etag: '"v1"' });
    res.write(bytes.subarray(0, 90_000), () => setTimeout(() => res.destroy(), 20));
  });
  await get();
  whole();
});

test('wrong bytes of the right size never get into place; another address is tried', async () => {
  const wrong = content(N, 3);
  server.answer((req, res, n) => good(req.url === '/copy' ? bytes : wrong)(req, res, n));
  await assert.rejects(get(), /sends a wrong file \(its sha256 is [0-9a-f]{64}, and the published one is/);
  assert.deepEqual(readdirSync(folder), []);
  await get(fileOf([server.url(), server.url('/copy')], { bytes: N, sha256 }));
  whole();
  folder = join(root, 'md5');
  await assert.rejects(get(fileOf([server.url()], { md5: sum('md5', bytes) })), /its md5 is/);
  assert.equal((await get(fileOf([server.url('/copy')], { md5: sum('md5', bytes) }))).trust, 'published md5');
});

test('a web page in the place of the file is known by its first bytes', async () => {
  const page = new TextEncoder().encode('<!doctype html><title>Sign in</title>');
  server.answer((_, res) => res.writeHead(200, { 'content-type': 'text/html' }).end(page));
  await assert.rejects(get(fileOf([server.url()])), /sends something else \(it is a web page, not a tar\.gz file\)/);
  assert.deepEqual(readdirSync(folder), []);
});

test('without a published checksum the first copy is the measure of every later one', async () => {
  const file = fileOf([server.url()]);
  server.answer(good(bytes));
  assert.equal((await get(file)).trust, 'first use');
  rmSync(join(folder, 'file.tar.gz'));
  await get(file);
  rmSync(join(folder, 'file.tar.gz'));
  server.answer(good(content(N, 5), { etag: '"v2"' }));
  await assert.rejects(
    get(file),
    /is not the file that came on \d{4}-.*to trust it from now on, delete .*\.json and rename/,
  );
  assert.equal(existsSync(join(folder, 'file.tar.gz')), false);
  assert.equal(readdirSync(folder).filter((f) => f.includes('.changed-')).length, 1);
});

test('a file that lies there is checked and adopted; a damaged one is set aside and fetched again', async () => {
  server.answer(good(bytes));
  await get();
  rmSync(join(folder, 'file.tar.gz.json'));
  await get();
  assert.equal(server.asked.length, 1);
  truncateSync(join(folder, 'file.tar.gz'), 1000);
  await get();
  whole();
  assert.equal(server.asked.length, 2);
  assert.equal(statSync(join(folder, 'file.tar.gz.corrupt-1')).size, 1000);
  assert.match(said.join('\n'), /it is set aside as/);
});

test('too little room on the disk is said before anything is asked for', async () => {
  server.answer(good(bytes));
  await assert.rejects(
    get(undefined, { free: () => 1 << 20 }),
    (e: Error) => e.name === 'StorageError' && /needs 293 KiB and .* has 1.* MiB free.*LONGCONV_CACHE/.test(e.message),
  );
  assert.equal(server.asked.length, 0);
  await assert.rejects(get(fileOf([server.url()]), { free: () => 1 << 20 }), /StorageError|needs 293 KiB/);
  assert.deepEqual(readdirSync(folder), []);
});

test('interrupted: the part stays and the next run goes on from it', async () => {
  const stop = new AbortController();
  server.answer((_, res) => {
    res.writeHead(200, { 'content-length': N, etag: '"v1"' });
    res.write(bytes.subarray(0, 100_000), () => setTimeout(() => stop.abort(new Error('stopped here')), 100));
  });
  await assert.rejects(get(undefined, { signal: stop.signal }), /stopped here/);
  assert.equal(existsSync(join(folder, 'file.tar.gz.lock')), false);
  assert.equal(stateOf(folder, fileOf([])).kind, 'partial');
  server.answer(good(bytes));
  await get();
  whole();
  tidy();
  assert.equal(server.asked[0].range, 'bytes=100000-');
});

test('a part longer than the file, or all of it without its end, is dealt with', async () => {
  server.answer(good(bytes));
  for (const [length, asked] of [
    [N + 5, 1],
    [N, 0],
  ]) {
    folder = join(root, `part-${length}`);
    const first = new AbortController();
    first.abort(new Error('not yet'));
    await assert.rejects(get(undefined, { signal: first.signal }), /not yet/);
    const part = new Uint8Array(length);
    part.set(bytes);
    writeFileSync(join(folder, 'file.tar.gz.part'), part);
    const origin = { url: server.url(), etag: '"v1"', modified: null, total: N };
    writeFileSync(join(folder, 'file.tar.gz.part.json'), JSON.stringify(origin));
    server.answer(good(bytes));
    await get();
    whole();
    assert.equal(server.asked.length, asked);
  }
});

test('the file became shorter than the part (HTTP 416): it starts over', async () => {
  const file = fileOf([server.url()]);
  server.answer(good(content(N * 2), { upTo: N + 1000 }));
  await assert.rejects(get(file, { patience: { ...patience, attempts: 1 } }));
  server.answer((req, res, n) => {
    if (req.headers.range) res.writeHead(416, { 'content-range': `bytes */${N}` }).end();
    else good(bytes)(req, res, n);
  });
  await get(file);
  whole();
});

test('two runs at once fetch the file once', async () => {
  server.answer((req, res, n) => setTimeout(() => good(bytes)(req, res, n), 200));
  const both = await Promise.all([get(), get()]);
  assert.equal(both[0].sha256, both[1].sha256);
  assert.equal(server.asked.length, 1);
  whole();
  tidy();
  assert.match(said.join('\n'), /process \d+ on .* is at it; waiting for it/);
});

test('a dead host, a closed port and a broken TLS handshake each have their sentence', async () => {
  const one = { patience: { ...patience, attempts: 1, stall: 3 } };
  await assert.rejects(
    get(fileOf(['http://nowhere.invalid/file']), one),
    /there is no host nowhere\.invalid|cannot be reached/,
  );
  const other = await testServer();
  const closed = other.url();
  await other.close();
  await assert.rejects(get(fileOf([closed]), one), /does not accept connections/);
  await assert.rejects(
    get(fileOf([server.url().replace('http:', 'https:')]), { patience: { ...one.patience, stall: 1 } }),
    /no safe connection to|did not answer|broke/,
  );
});
