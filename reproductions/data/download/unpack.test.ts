import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { take } from './at-hand.ts';
import { known } from './source.ts';
import { content, fileOf } from './test-server.ts';
import { isArchive, type Unpacker, unpack, unpackedFolder, unpackedState } from './unpack.ts';

let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'longconv-unpack-'));
});
after(() => rmSync(root, { recursive: true }));

const file = fileOf(['http://nowhere.invalid/'], { name: 'words.tar.gz' });
const said: string[] = [];
const report = { live: () => {}, say: (text: string) => said.push(text) };
const options = { signal: new AbortController().signal, report };

/** Writes the archive's first byte but two as a file, and counts how often it was asked. */
function counting(): Unpacker & { calls: number } {
  const unpacker: Unpacker = async (archive, folder, { progress }) => {
    counted.calls++;
    writeFileSync(join(folder, 'one'), readFileSync(archive).subarray(2, 3));
    progress(1, 1);
    return { files: 1, bytes: 1 };
  };
  const counted = Object.assign(unpacker, { calls: 0 });
  return counted;
}

async function archive(cache: string, seed: number) {
  const at = join(root, `given-${cache}-${seed}`);
  mkdirSync(at);
  writeFileSync(join(at, file.name), content(500, seed));
  const folder = join(root, cache);
  return { folder, record: await take(folder, file, join(at, file.name), options) };
}

test('unpacked once, whole, also by two runs at once', async () => {
  const { folder, record } = await archive('once', 1);
  const unpacker = counting();
  const both = await Promise.all([1, 2].map(() => unpack(folder, file, record, unpacker, options)));
  assert.equal(unpacker.calls, 1);
  assert.deepEqual(both[0], both[1]);
  assert.equal(unpackedFolder(folder, file), join(folder, 'words'));
  assert.deepEqual(readdirSync(join(folder, 'words')), ['one']);
  assert.equal(unpackedState(folder, file, record.sha256)?.files, 1);
  assert.equal(unpackedState(folder, file, 'another'), null);
  assert.deepEqual(readdirSync(folder).sort(), ['words', 'words.tar.gz', 'words.tar.gz.json', 'words.unpacked.json']);
});

test('a failure or an interruption leaves no half folder', async () => {
  const { folder, record } = await archive('half', 2);
  const failing: Unpacker = async (_, into) => {
    writeFileSync(join(into, 'half'), 'x');
    throw new Error('the archive is damaged at byte 7');
  };
  await assert.rejects(unpack(folder, file, record, failing, options), /damaged at byte 7/);
  assert.deepEqual(readdirSync(folder).sort(), ['words.tar.gz', 'words.tar.gz.json']);
  // A run that was killed has left its folder: it is begun again.
  mkdirSync(join(folder, 'words.unpacking'));
  writeFileSync(join(folder, 'words.unpacking', 'stale'), 'x');
  await unpack(folder, file, record, counting(), options);
  assert.deepEqual(readdirSync(join(folder, 'words')), ['one']);
});

test('an interruption keeps what there is, for the same archive of which the same is needed', async () => {
  const { folder, record } = await archive('stopped', 4);
  let stop = new AbortController();
  const seen: boolean[] = [];
  const stopping: Unpacker = async (_, into, { signal, resume }) => {
    seen.push(resume);
    writeFileSync(join(into, `part-${seen.length}`), 'x');
    if (seen.length < 3) stop.abort(new Error('stopped here'));
    signal.throwIfAborted();
    return { files: readdirSync(into).length, bytes: 1 };
  };
  await assert.rejects(unpack(folder, file, record, stopping, { ...options, signal: stop.signal }), /stopped here/);
  assert.deepEqual(readdirSync(join(folder, 'words.unpacking')), ['part-1']);
  assert.equal(existsSync(join(folder, 'words.lock')), false);
  stop = new AbortController();
  await assert.rejects(unpack(folder, file, record, stopping, { ...options, signal: stop.signal }), /stopped here/);
  // Something else of it is needed now: the earlier run's files may not be among it.
  const other = { ...file, needed: known(/one/, 'the test') };
  assert.equal((await unpack(folder, other, record, stopping, options)).files, 1);
  assert.deepEqual(seen, [false, true, false]);
  assert.deepEqual(readdirSync(join(folder, 'words')), ['part-3']);
  assert.deepEqual(readdirSync(folder).sort(), ['words', 'words.tar.gz', 'words.tar.gz.json', 'words.unpacked.json']);
});

test('another archive of the same name is unpacked again; the old folder is set aside', async () => {
  const { folder, record } = await archive('again', 3);
  await unpack(folder, file, record, counting(), options);
  await unpack(folder, file, { ...record, sha256: 'f'.repeat(64) }, counting(), options);
  assert.ok(existsSync(join(folder, 'words.corrupt-1', 'one')));
  assert.match(said.join('\n'), /is of another archive: set aside as .*words\.corrupt-1/);
});

test('what is an archive and what is read as it is', () => {
  assert.ok(isArchive(file));
  for (const form of ['jsonl', 'jsonl.zst', 'parquet'] as const) assert.equal(isArchive({ ...file, form }), false);
});
