import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { NpmPackage } from '../definition.ts';
import { DownloadError } from '../download/failure.ts';
import { type TestServer, testServer } from '../download/test-server.ts';
import { writeTar } from '../formats/tar-write.ts';
import { fetchPackage, havePackage, isWhole, packageFolder } from './packages.ts';
import { packagePlace } from './places.ts';

const tarball = gzipSync(
  writeTar([
    { path: 'package/package.json', bytes: Buffer.from('{"name":"@scope/words","version":"1.2.3"}') },
    { path: 'package/data/a.txt', bytes: Buffer.from('alpha') },
  ]),
);
const integrityOf = (bytes: Uint8Array) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
const pin: NpmPackage = {
  ...{ npm: '@scope/words', version: '1.2.3', licence: 'MIT' },
  ...{ integrity: integrityOf(tarball), bytes: tarball.length },
};
/** npm takes its time to start. */
const patient = { timeout: 60_000 };
const said: string[] = [];
const report = { live: () => {}, say: (line: string) => void said.push(line) };
const options = () => ({ signal: new AbortController().signal, report });

let root = '';
let server: TestServer;
const environment = { ...process.env };
before(async () => {
  root = mkdtempSync(join(tmpdir(), 'longconv-packages-'));
  server = await testServer();
  process.env.LONGCONV_CACHE = join(root, 'cache');
  process.env.npm_config_cache = join(root, 'npm');
  process.env.npm_config_registry = server.url('/');
  process.env.npm_config_fetch_retries = '0';
  process.env.npm_config_proxy = process.env.npm_config_https_proxy = '';
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) delete process.env[name];
});
after(async () => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  await server.close();
  rmSync(root, { recursive: true });
});

/** A registry that has the one package; `sent` is what it gives for the tarball. */
const registry = (sent: Uint8Array = tarball) =>
  server.answer((req, res) => {
    if (req.url?.endsWith('.tgz')) return void res.end(sent);
    if (decodeURIComponent(req.url ?? '') !== '/@scope/words') return void res.writeHead(404).end('{}');
    const dist = { tarball: server.url('/@scope/words/-/words-1.2.3.tgz'), integrity: integrityOf(sent) };
    const version = { name: '@scope/words', version: '1.2.3', dist };
    res.end(JSON.stringify({ name: '@scope/words', 'dist-tags': { latest: '1.2.3' }, versions: { '1.2.3': version } }));
  });
const fails = (promise: Promise<unknown>, words: RegExp) =>
  assert.rejects(promise, (error) => error instanceof DownloadError && words.test(error.message) && !havePackage(pin));

test('what is not here is said with the command that gets it', () => {
  assert.equal(havePackage(pin), false);
  assert.throws(() => packageFolder(pin, 'pile-mini'), {
    name: 'MissingFileError',
    message: 'pile-mini is made from the npm package @scope/words@1.2.3, which is not here: repro data get pile-mini',
  });
});

test('a name that is a path is refused', () => {
  for (const npm of ['../x', '@a/../b', 'a/b/c', '']) assert.throws(() => packagePlace({ ...pin, npm }), RangeError);
});

test(
  'a registry without the package, a changed tarball, no network, no npm: one sentence each, nothing kept',
  patient,
  async () => {
    server.answer((_, res) => void res.writeHead(404).end('{}'));
    await fails(fetchPackage(pin, options()), /does not have @scope\/words@1\.2\.3 .*--from/s);
    registry(gzipSync(Buffer.from('another tarball')));
    await fails(fetchPackage(pin, options()), /is not the pinned tarball of @scope\/words@1\.2\.3/);
    await fails(fetchPackage(pin, { ...options(), command: 'no-such-npm' }), /no npm program on the PATH/);
    const { npm_config_registry } = process.env;
    process.env.npm_config_registry = 'http://127.0.0.1:9/';
    await fails(fetchPackage(pin, options()), /does not reach its registry .*is there a network/);
    process.env.npm_config_registry = npm_config_registry;
    assert.deepEqual(readdirSync(dirname(packagePlace(pin).folder)), []);
  },
);

test('no room on the disk is said before anything is fetched', async () => {
  registry();
  await assert.rejects(fetchPackage(pin, { ...options(), free: () => 0 }), { name: 'StorageError' });
  assert.equal(server.asked.length, 0);
});

test('from a folder or a file at hand; another file is refused and left alone', async () => {
  const hand = join(root, 'hand');
  mkdirSync(hand);
  await fails(fetchPackage(pin, { ...options(), from: hand }), /scope-words-1\.2\.3\.tgz is not in/);
  const file = join(hand, 'scope-words-1.2.3.tgz');
  writeFileSync(file, tarball.subarray(0, -1));
  await fails(fetchPackage(pin, { ...options(), from: hand }), /is not the pinned tarball/);
  writeFileSync(file, tarball);
  const folder = await fetchPackage(pin, { ...options(), from: file });
  assert.equal(readFileSync(join(folder, 'data', 'a.txt'), 'utf8'), 'alpha');
  assert.ok(existsSync(file));
  rmSync(folder, { recursive: true });
  assert.equal(havePackage(pin), false);
});

test('through npm, past what a killed run left; then it is here and nothing is asked again', patient, async () => {
  registry();
  const { folder } = packagePlace(pin);
  mkdirSync(`${folder}.fetching-1/files/package`, { recursive: true });
  assert.equal(await fetchPackage(pin, options()), folder);
  assert.deepEqual(readdirSync(dirname(folder)).sort(), ['words@1.2.3', 'words@1.2.3.json']);
  assert.deepEqual(readdirSync(folder).sort(), ['data', 'package.json']);
  assert.equal(packageFolder(pin, 'pile-mini'), folder);
  const asked = server.asked.length;
  await fetchPackage(pin, options());
  assert.equal(server.asked.length, asked);
  assert.equal(havePackage({ ...pin, integrity: integrityOf(Buffer.from('x')) }), false);
});

test('a package that is not whole is fetched again', patient, async () => {
  registry();
  const { folder } = packagePlace(pin);
  assert.ok(isWhole(pin));
  writeFileSync(join(folder, 'package.json'), '');
  assert.equal(isWhole(pin), false);
  await fetchPackage(pin, options());
  assert.ok(isWhole(pin));
  rmSync(join(folder, 'package.json'));
  assert.equal(isWhole(pin), false);
  await fetchPackage(pin, options());
  assert.ok(isWhole(pin));
});

test('two at once: one fetches, the other waits', patient, async () => {
  registry();
  rmSync(packagePlace(pin).folder, { recursive: true });
  const folders = await Promise.all([fetchPackage(pin, options()), fetchPackage(pin, options())]);
  assert.equal(folders[0], folders[1]);
  assert.ok(said.some((line) => /is at it; waiting/.test(line)));
});

test('interrupted: the reason of the signal, nothing half done', patient, async () => {
  rmSync(packagePlace(pin).folder, { recursive: true });
  const stop = new AbortController();
  server.answer(() => stop.abort(new Error('enough')));
  await assert.rejects(fetchPackage(pin, { signal: stop.signal, report }), { message: 'enough' });
  assert.ok(!readdirSync(dirname(packagePlace(pin).folder)).some((name) => name.includes('fetching')));
});
