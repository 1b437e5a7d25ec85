import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { Loader } from '../../train/loader.ts';
import { holds } from '../comparison.ts';
import { MissingFileError } from '../dataset.ts';
import { FormatError } from '../formats/format-error.ts';
import { randperm } from '../torch/permutation.ts';
import { type CifarOptions, cifarFolder, openCifar } from './cifar.ts';
import { luma } from './gray.ts';
import { compareMoments } from './statistics.ts';
import { momentLimits, publishedMoments, verifyCifar } from './verify-cifar.ts';

const RECORDS = 20;
/** Byte of channel c, pixel p of image i: a pattern in which no two images are alike. */
const byteOf = (i: number, c: number, p: number) => (i * 7 + c * 50 + p * 3) % 256;
let root = '';

/** The files of the binary archive with 20 records in place of 10,000. */
before(() => {
  root = mkdtempSync(join(tmpdir(), 'longconv-cifar-'));
  mkdirSync(join(root, cifarFolder));
  for (let file = 0; file < 6; file++) {
    const bytes = new Uint8Array(RECORDS * 3073);
    for (let r = 0; r < RECORDS; r++) {
      const i = file * RECORDS + r;
      bytes[r * 3073] = i % 10;
      for (let c = 0; c < 3; c++) for (let p = 0; p < 1024; p++) bytes[r * 3073 + 1 + c * 1024 + p] = byteOf(i, c, p);
    }
    writeFileSync(join(root, cifarFolder, file < 5 ? `data_batch_${file + 1}.bin` : 'test_batch.bin'), bytes);
  }
});
after(() => rmSync(root, { recursive: true }));
const options = (more: CifarOptions = {}): CifarOptions => ({ folder: root, records: RECORDS, ...more });

test('the files are read, split by the permutation of seed 42 and normalised', async () => {
  const data = await openCifar('scifar', options());
  assert.deepEqual(data.sizes, { train: 90, validation: 10, test: 20 });
  assert.equal(data.kind, 'real');
  assert.deepEqual(data.labelCounts('test'), new Array(10).fill(2));
  const order = randperm(100, 42);
  const { x, targets } = data.batch('train', [0, 89]);
  assert.deepEqual([...targets], [order[0] % 10, order[89] % 10]);
  const f = Math.fround;
  const expected = (i: number, c: number, p: number) =>
    f(f(f(byteOf(i, c, p) / 255) - f([0.4914, 0.4822, 0.4465][c])) / f([0.247, 0.243, 0.261][c]));
  for (const p of [0, 1, 33, 1023])
    for (let c = 0; c < 3; c++) {
      assert.equal(x[p * 3 + c], expected(order[0], c, p));
      assert.equal(x[3072 + p * 3 + c], expected(order[89], c, p));
    }
  assert.equal(data.batch('validation', [3]).targets[0], order[93] % 10);
  const last = await openCifar('cifar-gray', options({ gray: true }));
  assert.deepEqual(last.input, { kind: 'real', dims: 1 });
  const level = luma(byteOf(119, 0, 5), byteOf(119, 1, 5), byteOf(119, 2, 5));
  assert.equal(last.batch('test', [19]).x[5], f(f(f(level / 255) - f(122.6 / 255)) / f(61 / 255)));
});

test('the archive folder itself will do, and smaller splits are the beginning of the full ones', async () => {
  const whole = await openCifar('scifar', options());
  const folder = join(root, cifarFolder);
  const part = await openCifar('scifar', options({ folder, sizes: { train: 8, validation: 3, test: 4 } }));
  assert.deepEqual(part.sizes, { train: 8, validation: 3, test: 4 });
  assert.deepEqual(part.batch('train', [7]), whole.batch('train', [7]));
  assert.notEqual(part.checksum, whole.checksum);
  await assert.rejects(() => openCifar('scifar', options({ sizes: { test: 21 } })), /can have 1 to 20 images, not 21/);
});

test('the checksum is of every byte', async () => {
  const before = (await openCifar('scifar', options())).checksum;
  assert.equal((await openCifar('scifar', options())).checksum, before);
  const copy = mkdtempSync(join(tmpdir(), 'longconv-cifar-'));
  try {
    cpSync(join(root, cifarFolder), copy, { recursive: true });
    const file = join(copy, 'test_batch.bin');
    const bytes = readFileSync(file);
    bytes[3073 * 20 - 1] ^= 1;
    writeFileSync(file, bytes);
    assert.notEqual((await openCifar('scifar', options({ folder: copy }))).checksum, before);
  } finally {
    rmSync(copy, { recursive: true });
  }
});

test('a worker thread opens the same data', async () => {
  const signal = new AbortController().signal;
  const data = await openCifar('scifar', options({ augment: true, seed: 3, sizes: { train: 9 }, signal }));
  const loader = new Loader(data);
  assert.ok(loader.ahead > 0);
  try {
    const request = { split: 'train' as const, indices: Int32Array.of(8, 2), epoch: 4 };
    assert.deepEqual(await loader.get(request), data.batch('train', request.indices, 4));
  } finally {
    loader.close();
  }
});

test('what is missing or broken is named', async () => {
  const missing = async (more: CifarOptions, words: RegExp) =>
    assert.rejects(
      () => openCifar('scifar', more),
      (e: Error) => e instanceof MissingFileError && words.test(e.message),
    );
  await missing({}, /repro data get cifar-10/);
  await missing({ folder: tmpdir() }, /data_batch_1\.bin is not there/);
  const folder = mkdtempSync(join(tmpdir(), 'longconv-cifar-'));
  try {
    writeFileSync(join(folder, 'data_batch_1'), 'pickle');
    await missing({ folder }, /Python version .* binary version/);
    writeFileSync(join(folder, 'data_batch_1.bin'), new Uint8Array(3073 * RECORDS));
    await missing({ folder, records: RECORDS }, /data_batch_2\.bin is not there/);
    writeFileSync(join(folder, 'data_batch_1.bin'), new Uint8Array(3073 * RECORDS - 1));
    await assert.rejects(
      () => openCifar('scifar', { folder, records: RECORDS }),
      (e: Error) => e instanceof FormatError && /whole records of 3073/.test(e.message),
    );
    // A file cut between two records is not taken for the real one.
    await assert.rejects(() => openCifar('scifar', { folder: root }), /there are 20 records instead of 10000/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('verification puts counts and pixels beside the published ones, and refuses this pattern', async () => {
  const { rows, what } = await verifyCifar('scifar', { from: root }, RECORDS);
  assert.match(what, /six files/);
  const row = (words: RegExp) => rows.find((r) => words.test(r.quantity)) ?? assert.fail(String(words));
  assert.deepEqual([row(/^training and validation images/).here, row(/^test images/).here], [100, 20]);
  assert.equal(row(/each class, test/).here, '2 2 2 2 2 2 2 2 2 2');
  let sum = 0;
  for (let i = 0; i < 100; i++) for (let p = 0; p < 1024; p++) sum += byteOf(i, 0, p);
  const red = row(/mean of red/);
  assert.ok(Math.abs((red.here as number) - sum / 102400 / 255) < 1e-12);
  assert.equal(red.reference, 0.4914);
  assert.equal(holds(red), false);
  assert.equal(rows.length, 14);
});

test('the limits accept the moments of CIFAR-10 to more digits, as public code has them, and nothing far from them', () => {
  const known = { mean: [0.49139968, 0.48215841, 0.44653091], sd: [0.24703223, 0.24348513, 0.26158784] };
  const rows = (red: number) =>
    compareMoments(
      'known',
      { mean: [red, ...known.mean.slice(1)], sd: known.sd, grayMean: 122.62, graySd: 60.994 },
      publishedMoments,
      momentLimits,
    );
  assert.ok(rows(known.mean[0]).every(holds));
  assert.deepEqual(
    rows(0.4916)
      .filter((row) => !holds(row))
      .map((row) => row.quantity),
    ['known: mean of red'],
  );
});
