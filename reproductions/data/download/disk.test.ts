import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { showBytes } from '../../../results/tables.ts';
import { zipOf } from '../formats/samples.ts';
import { known, type SourceFile } from './source.ts';
import { requireSpace, SpaceWatch } from './space.ts';
import { stateOf } from './state.ts';
import { archived, unpackOptions } from './test-archive.ts';
import { bytes, DownloadCase, N } from './test-case.ts';
import { mount, unmount } from './test-process.ts';
import { content, good } from './test-server.ts';
import { unpack } from './unpack.ts';
import { unpackerOf } from './unpackers.ts';

const at = new DownloadCase();
const MiB = 2 ** 20;

test('a disk that becomes full while the file comes: said, the part kept, and gone on when there is room', async (t) => {
  if (!mount(at.folder, '-t', 'tmpfs', '-o', 'size=128k', 'tmpfs'))
    return t.skip('a small disk cannot be mounted here');
  try {
    // Two pieces: the first one fits.
    at.server.answer((_, res) => {
      res.writeHead(200, { 'content-length': N, etag: '"v1"' });
      res.write(bytes.subarray(0, 40_000), () => setTimeout(() => res.end(bytes.subarray(40_000)), 100));
    });
    await assert.rejects(at.get(at.file(), { free: () => 2 ** 40 }), (error: Error) => {
      assert.equal(error.name, 'StorageError');
      assert.match(
        error.message,
        /file\.tar\.gz\.part cannot be written \(no space is left on the device\).*LONGCONV_CACHE/,
      );
      return true;
    });
    assert.equal(stateOf(at.folder, at.file()).kind, 'partial');
    assert.ok(mount(at.folder, '-o', 'remount,size=2m'));
    at.server.answer(good(bytes));
    await at.get(at.file(), { free: () => 2 ** 40 });
    at.whole();
    at.tidy();
    const from = Number(/\d+/.exec(at.server.asked[0].range ?? '')?.[0]);
    assert.ok(from >= 40_000 && from < N, `it asked for ${at.server.asked[0].range}`);
  } finally {
    unmount(at.folder);
  }
});

test('a disk that cannot be written: what is there is used, what is not is said', async (t) => {
  at.server.answer(good(bytes));
  await at.get();
  if (!mount(at.folder, '--bind', at.folder)) return t.skip('a read-only disk cannot be mounted here');
  try {
    assert.ok(mount(at.folder, '-o', 'remount,ro,bind'));
    assert.equal((await at.get()).bytes, N);
    assert.equal(at.server.asked.length, 1);
    const other = { ...at.file(), name: 'other.tar.gz' };
    await assert.rejects(at.get(other), (error: Error) => {
      assert.equal(error.name, 'StorageError');
      assert.match(error.message, /other\.tar\.gz\.lock cannot be written \(the file system is read-only\)/);
      return true;
    });
  } finally {
    unmount(at.folder);
  }
});

test('unpacking asks for room first: what is in a zip, what gzip says is inside', async () => {
  const zeros = new Uint8Array(3 * MiB);
  const { file, record } = await archived(at, [{ path: 'a', bytes: zeros }]);
  const refused = async (refusedFile: SourceFile, needs: string) =>
    await assert.rejects(
      unpack(
        at.folder,
        refusedFile,
        record,
        unpackerOf(refusedFile, () => 65 * MiB),
        unpackOptions(),
      ),
      (error: Error) => {
        assert.equal(error.name, 'StorageError');
        assert.ok(error.message.includes(`unpacked, needs ${needs} and`), error.message);
        return true;
      },
    );
  // With the header of the entry, its padding and the end.
  await refused(file, showBytes(3 * MiB + 1536));
  assert.deepEqual(readdirSync(at.folder).sort(), ['file.tar.gz', 'file.tar.gz.json']);
  const room = () => 68 * MiB;
  await unpack(at.folder, file, record, unpackerOf(file, room), unpackOptions());
  assert.equal(statSync(join(at.folder, 'file', 'a')).size, 3 * MiB);

  const zip: SourceFile = { ...file, name: 'words.zip', form: 'zip' };
  writeFileSync(
    join(at.folder, 'words.zip'),
    zipOf([
      { path: 'w/a', bytes: zeros },
      { path: 'b', bytes: zeros },
    ]),
  );
  await refused(zip, '6 MiB');
  await refused({ ...zip, needed: known(/^w/, 'the test') }, '3 MiB');
  const part = { ...zip, needed: known(/^w/, 'the test') };
  assert.equal((await unpack(at.folder, part, record, unpackerOf(part, room), unpackOptions())).files, 1);
});

test('unpacking stops before the disk is full, says how much more is needed, and leaves nothing', async () => {
  const some = content(MiB);
  const files = Array.from({ length: 24 }, (_, i) => ({ path: `f/${i}`, bytes: some }));
  const { file, record } = await archived(at, files);
  // Enough at first; then somebody else fills the disk.
  let calls = 0;
  const falling = () => (calls++ ? 63 * MiB : 2 ** 40);
  await assert.rejects(unpack(at.folder, file, record, unpackerOf(file, falling), unpackOptions()), (error: Error) => {
    assert.equal(error.name, 'StorageError');
    assert.match(
      error.message,
      /file\.tar\.gz: .* has 63 MiB left after 1[67](\.\d)? MiB were unpacked, \d\d % of the archive; about \d(\.\d+)? MiB more are needed/,
    );
    return true;
  });
  assert.deepEqual(readdirSync(at.folder).sort(), ['file.tar.gz', 'file.tar.gz.json']);
});

test('a file system without inodes is told from a full one', async (t) => {
  if (!mount(at.folder, '-t', 'tmpfs', '-o', 'size=90m,nr_inodes=1100', 'tmpfs'))
    return t.skip('a small disk cannot be mounted here');
  try {
    const files = Array.from({ length: 700 }, (_, i) => ({ path: `f/${i}`, bytes: content(10) }));
    const { file, record } = await archived(at, files);
    await assert.rejects(unpack(at.folder, file, record, unpackerOf(file), unpackOptions()), (error: Error) => {
      assert.equal(error.name, 'StorageError');
      assert.match(error.message, /file\.tar\.gz: the file system of .* \(it is out of inodes, not of bytes\)/);
      return true;
    });
    assert.deepEqual(readdirSync(at.folder).sort(), ['file.tar.gz', 'file.tar.gz.json']);
  } finally {
    unmount(at.folder);
  }
});

test('less than the reserve is too little for anything', () => {
  assert.throws(
    () => requireSpace(at.folder, 0, 'it', () => 40 * MiB),
    /it: .* has 40 MiB free, less than the 64 MiB that stay in reserve: make room/,
  );
});

test('the watch looks every 16 MiB and every 256 files', () => {
  let looks = 0;
  const many = () => 1e6;
  const watch = new SpaceWatch(
    '/cache',
    'it',
    () => {
      looks++;
      return 2 ** 40;
    },
    many,
  );
  for (let i = 1; i <= 512; i++) watch.look(i, null);
  assert.equal(looks, 2);
  for (let i = 1; i <= 64; i++) watch.look(i * 2 * MiB, null);
  assert.ok(looks >= 9 && looks <= 11, String(looks));
  const full = new SpaceWatch('/cache', 'it', () => 0, many);
  assert.throws(() => full.look(32 * MiB, null), /it: \/cache has 0 B left after 32 MiB were unpacked \(64 MiB stay/);
});
