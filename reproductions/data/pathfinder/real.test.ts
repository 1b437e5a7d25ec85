import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { writePng } from '../formats/png.ts';
import { openPathfinder } from '../pathfinder.ts';
import { randperm } from '../torch/permutation.ts';

let folder = '';
const previous = process.env.LONGCONV_CACHE;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-pathfinder-files-'));
  process.env.LONGCONV_CACHE = join(folder, 'cache');
});
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const size = 32;
/** An image that tells its number. */
const pixelsOf = (n: number) => Uint8Array.from({ length: size * size }, (_, i) => (n * 7 + i) % 256);
const labelOf = (n: number) => (n % 3) & 1;
const put = (path: string, bytes: Uint8Array | string) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
};

/** What numpy's `save` writes for an array of strings of at most 32 characters, shape (n, 11). */
function stringArray(rows: string[][]): Buffer {
  const text = `{'descr': '<U32', 'fortran_order': False, 'shape': (${rows.length}, 11), }`;
  const header = `${text.padEnd(117)}\n`;
  const head = Buffer.from(`\x93NUMPY\x01\x00v\x00${header}`, 'latin1');
  const cells = rows.flat().map((cell) => {
    const bytes = Buffer.alloc(128);
    for (const [i, char] of [...cell].entries()) bytes.writeUInt32LE(char.codePointAt(0) as number, i * 4);
    return bytes;
  });
  return Buffer.concat([head, ...cells]);
}

/**
 * The layout of the archive, other levels and all: batches 2 and 10 as text, 3 as numpy writes it, images of several
 * kinds of PNG, numbers running through the batches in numeric order.
 */
function archive(name: string, batches: Record<number, number>): string {
  const root = join(folder, name);
  put(join(root, 'curv_baseline', 'imgs', '0', 'sample_172.png'), '');
  const level = join(root, 'curv_contour_length_14');
  let n = 0;
  for (const batch of Object.keys(batches).map(Number)) {
    const rows = Array.from({ length: batches[batch] }, (_, k) => {
      const data = pixelsOf(n);
      const image =
        n % 4 === 3
          ? {
              width: size,
              height: size,
              channels: 3 as const,
              data: Uint8Array.from({ length: 3072 }, (_, i) => data[Math.floor(i / 3)]),
            }
          : { width: size, height: size, channels: 1 as const, data };
      put(join(level, 'imgs', `${batch}`, `sample_${k}.png`), writePng(image));
      return [`imgs/${batch}`, `sample_${k}.png`, `${k}`, `${labelOf(n++)}`, '1.0', '14', '4', '2', '0.5', '1', '1'];
    });
    put(
      join(level, 'metadata', `${batch}.npy`),
      batch === 3 ? stringArray(rows) : rows.map((row) => `${row.join(' ')}\n`).join(''),
    );
  }
  return root;
}

test('the files of the archive: numeric order, both kinds of metadata, empty images left out, the published split', async () => {
  const root = archive('pathfinder32', { 2: 12, 3: 9, 10: 13 });
  const level = join(root, 'curv_contour_length_14');
  for (const empty of ['2/sample_4.png', '10/sample_0.png']) put(join(level, 'imgs', empty), '');
  const data = await openPathfinder({ folder: root, size });
  const kept = Array.from({ length: 34 }, (_, n) => n).filter((n) => n !== 4 && n !== 21);
  assert.equal(data.kind, 'real');
  assert.deepEqual(data.sizes, { train: 26, validation: 3, test: 3 });
  assert.match(data.description, /32 images, contours of 14, 2 empty files left out; 26 \/ 3 \/ 3 by PyTorch's perm/);
  const order = [...randperm(32, 42)];
  for (const [split, from] of [
    ['train', 0],
    ['validation', 26],
    ['test', 29],
  ] as const)
    for (let i = 0; i < data.sizes[split]; i++) {
      const n = kept[order[from + i]];
      assert.deepEqual(data.image(split, i), pixelsOf(n), `${split} ${i}`);
      assert.equal(data.label(split, i), labelOf(n));
    }
  const counts = (['train', 'validation', 'test'] as const).map((split) => data.labelCounts(split));
  assert.deepEqual(
    [0, 1].map((label) => counts.reduce((sum, c) => sum + c[label], 0)),
    [0, 1].map((label) => kept.filter((n) => labelOf(n) === label).length),
  );
  const [again] = [await openPathfinder({ folder: level, size, sizes: { train: 5 } })];
  assert.deepEqual(again.image('train', 4), data.image('train', 4));
  assert.equal(again.sizes.train, 5);
  await assert.rejects(
    openPathfinder({ folder: root, size, sizes: { test: 4 } }),
    /test split can have 1 to 3 images, not 4/,
  );
});

test('decoded once: by any number of workers, from the cache, and anew when the folder has changed', async () => {
  const root = archive('many', { 1: 1100, 2: 1100 });
  const one = await openPathfinder({ folder: root, size, workers: 1 });
  const cache = join(folder, 'cache', 'pathfinder32');
  const files = () => readdirSync(cache).filter((name) => name.startsWith('files-')).length;
  const seen: [number, number][] = [];
  const progress = (done: number, total: number) => seen.push([done, total]);
  const kept = await openPathfinder({ folder: root, size, progress });
  assert.deepEqual(seen, []);
  assert.equal(kept.checksum, one.checksum);
  rmSync(cache, { recursive: true });
  const three = await openPathfinder({ folder: root, size, workers: 3, progress });
  assert.equal(three.checksum, one.checksum);
  assert.deepEqual(seen.at(-1), [2200, 2200]);
  assert.deepEqual(three.batch('test', [0, 219]), one.batch('test', [0, 219]));
  assert.equal(files(), 4);
  // A copy with other times holds the same data: the checksum says so.
  utimesSync(join(root, 'curv_contour_length_14', 'imgs', '2'), new Date(1e12), new Date(1e12));
  const copy = await openPathfinder({ folder: root, size });
  assert.equal(copy.checksum, one.checksum);
  const path = join(root, 'curv_contour_length_14', 'imgs', '2', 'sample_7.png');
  rmSync(path);
  put(path, '');
  const less = await openPathfinder({ folder: root, size });
  assert.equal(less.sizes.train + less.sizes.validation + less.sizes.test, 2199);
  assert.notEqual(less.checksum, one.checksum);
  rmSync(path);
  put(path, 'GIF');
  await assert.rejects(
    openPathfinder({ folder: root, size, workers: 2 }),
    (e: Error) => e.name === 'FormatError' && /sample_7\.png, byte 0: /.test(e.message),
  );
});

test('a damaged file of the cache is decoded again when it is used', async () => {
  const root = archive('again', { 1: 40 });
  const cache = join(folder, 'cache', 'pathfinder32');
  const known = new Set(readdirSync(cache));
  const good = (await openPathfinder({ folder: root, size })).batch('train', [0, 31]);
  const added = readdirSync(cache).find((name) => !known.has(name) && name.endsWith('-0.lcd')) as string;
  const bytes = readFileSync(join(cache, added));
  bytes[bytes.length - 300] ^= 1;
  writeFileSync(join(cache, added), bytes);
  const said: string[] = [];
  const log = console.error;
  console.error = (line: string) => said.push(line);
  try {
    assert.deepEqual((await openPathfinder({ folder: root, size })).batch('train', [0, 31]), good);
  } finally {
    console.error = log;
  }
  assert.match(said[0], /files-.* is corrupt .* set aside as .*, making it again/);
});

test('what is wrong with the files is said with their names', async () => {
  const refused = (name: string, act: (level: string) => void, error: RegExp, type: string) => {
    const root = archive(name, { 1: 12 });
    act(join(root, 'curv_contour_length_14'));
    return assert.rejects(openPathfinder({ folder: root, size, workers: 2 }), (e: Error) => {
      assert.match(e.message, error);
      assert.equal(e.name, type);
      return true;
    });
  };
  await refused(
    'gone',
    (at) => rmSync(join(at, 'imgs/1/sample_3.png')),
    /sample_3\.png is not there/,
    'MissingFileError',
  );
  await refused('bad', (at) => put(join(at, 'imgs/1/sample_3.png'), 'GIF'), /sample_3\.png/, 'FormatError');
  const wide = { width: 64, height: 64, channels: 1 as const, data: new Uint8Array(4096) };
  await refused(
    'wide',
    (at) => put(join(at, 'imgs/1/sample_3.png'), writePng(wide)),
    /sample_3\.png: the image is 64 x 64, not 32 x 32/,
    'FormatError',
  );
  await refused(
    'label',
    (at) => put(join(at, 'metadata/1.npy'), 'imgs/1 a.png 0 2 1 1 1 1 1 1 1\n'),
    /label is 2/,
    'FormatError',
  );
  await refused(
    'no metadata',
    (at) => rmSync(join(at, 'metadata'), { recursive: true }),
    /neither.*metadata/,
    'MissingFileError',
  );
  const few = archive('few', { 1: 9 });
  await assert.rejects(openPathfinder({ folder: few, size }), /names 9 images that are not empty; a split needs ten/);
});
