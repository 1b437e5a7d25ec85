import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findAtHand, take } from './at-hand.ts';
import { checkFile } from './check.ts';
import { placesOf } from './places.ts';
import { stateOf } from './state.ts';
import { content, fileOf, sum } from './test-server.ts';

const bytes = content(50_000);
const file = fileOf(['http://nowhere.invalid/'], { bytes: bytes.length, sha256: sum('sha256', bytes) });
const quiet = { live: () => {}, say: () => {} };
const options = { signal: new AbortController().signal, report: quiet };
let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'longconv-at-hand-'));
});
after(() => rmSync(root, { recursive: true }));

const given = (name: string, data: Uint8Array) => {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, file.name), data);
  return folder;
};

test('found in the folder, in one of the dataset below it, or as the file itself; nothing else is taken', () => {
  const folder = given('places', bytes);
  assert.equal(findAtHand(folder, 'imdb', file), join(folder, file.name));
  assert.equal(findAtHand(root, 'places', file), join(folder, file.name));
  assert.equal(findAtHand(join(folder, file.name), 'imdb', file), join(folder, file.name));
  assert.equal(findAtHand(root, 'imdb', file), null);
  writeFileSync(join(folder, 'other.tar.gz'), bytes);
  assert.equal(findAtHand(join(folder, 'other.tar.gz'), 'imdb', file), null);
});

test('a file at hand is checked and linked, or copied where it cannot be linked; the original stays', async () => {
  for (const link of [true, false]) {
    const folder = given(`original-${link}`, bytes);
    const cache = join(root, `cache-${link}`);
    const record = await take(cache, file, join(folder, file.name), { ...options, link });
    assert.equal(record.trust, 'published sha256');
    assert.deepEqual(readdirSync(cache).sort(), [file.name, `${file.name}.json`]);
    assert.deepEqual(new Uint8Array(readFileSync(join(cache, file.name))), bytes);
    assert.ok(existsSync(join(folder, file.name)));
    assert.equal(statSync(join(cache, file.name)).ino === statSync(join(folder, file.name)).ino, link);
    assert.equal(stateOf(cache, file).kind, 'have');
  }
});

test('a file that is not the published one is refused and leaves nothing behind', async () => {
  const wrong = content(bytes.length, 2);
  for (const [name, data, sentence] of [
    ['other', wrong, /is not the published file \(its sha256 is/],
    ['short', bytes.subarray(0, 100), /it has 100 bytes, and the published size is 50000/],
    ['page', new TextEncoder().encode('<html><body>'), /it is a web page, not a tar\.gz file/],
  ] as [string, Uint8Array, RegExp][]) {
    const folder = given(name, data);
    const cache = join(root, `cache-${name}`);
    await assert.rejects(take(cache, file, join(folder, file.name), options), sentence);
    assert.deepEqual(readdirSync(cache), []);
    assert.deepEqual(new Uint8Array(readFileSync(join(folder, file.name))), new Uint8Array(data));
  }
});

test('checking reads every byte again: agreement, damage, absence', async () => {
  const folder = given('checked', bytes);
  const cache = join(root, 'cache-checked');
  const places = placesOf(cache, file.name);
  assert.equal(await checkFile(places, file), null);
  await take(cache, file, join(folder, file.name), { ...options, link: false });
  assert.equal((await checkFile(places, file))?.problem, null);
  const damaged = bytes.slice();
  damaged[40_000] ^= 1;
  writeFileSync(places.file, damaged);
  assert.match((await checkFile(places, file))?.problem ?? '', /its sha256 is/);
  const unpublished = fileOf(['http://nowhere.invalid/']);
  assert.match((await checkFile(places, unpublished))?.problem ?? '', /that of the first copy was/);
  rmSync(places.record);
  assert.equal((await checkFile(places, unpublished))?.trust, 'nothing yet');
});
