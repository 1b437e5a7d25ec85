import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { holds } from '../comparison.ts';
import definition from '../sets/imdb.ts';
import { reviewFiles, reviews } from './files.ts';
import { openImdb } from './imdb.ts';
import { imdbBaselines, verifyImdb } from './verify.ts';

let root = '';
let folder = '';
const previous = process.env.LONGCONV_CACHE;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'longconv-imdb-'));
  process.env.LONGCONV_CACHE = join(root, 'cache');
  folder = join(root, 'aclImdb');
  for (const part of ['train', 'test']) {
    for (const [name, stars] of [
      ['neg', 2],
      ['pos', 9],
    ] as const) {
      mkdirSync(join(folder, part, name), { recursive: true });
      // Ids without leading zeros: 10 follows 2.
      for (const id of [0, 1, 2, 10]) write(part, name, `${id}_${stars}.txt`, text(name, id));
    }
    mkdirSync(join(folder, part, 'unsup'), { recursive: true });
    writeFileSync(join(folder, part, 'unsup', '0_0.txt'), 'not read');
    writeFileSync(join(folder, part, 'labeledBow.feat'), 'not read');
  }
});
after(() => {
  rmSync(root, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});
const write = (part: string, name: string, file: string, content: string | Uint8Array) =>
  writeFileSync(join(folder, part, name, file), content);
const text = (name: string, id: number) => `${name === 'neg' ? 'bad'.repeat(4) : 'fun'.repeat(4)}<br />😀${id}`;

test('files: negative and positive in turn, by the number of the id; everything else is left', async () => {
  const files = reviewFiles(folder, 'train');
  assert.deepEqual(
    files.map(({ id, label, stars }) => `${id} ${label} ${stars}`),
    ['0 0 2', '0 1 9', '1 0 2', '1 1 9', '2 0 2', '2 1 9', '10 0 2', '10 1 9'],
  );
  const [bayes] = await imdbBaselines(await openImdb({ folder }), {});
  assert.equal(bayes.value, 1);
});

test('characters, cut, vocabulary of the training reviews; the test set is the validation set', async () => {
  write('train', 'neg', '10_2.txt', `${'a'.repeat(4000)}${'😀'.repeat(200)}`);
  const data = await openImdb({ folder });
  assert.equal(data.kind, 'real');
  assert.match(data.description, /8 \/ 8 reviews; the test set is also the validation set/);
  assert.deepEqual(data.sizes, { train: 8, validation: 8, test: 8 });
  // Cut after 4,095 code points: 95 of the faces count, of 200. "<" occurs 7 times, "d" 12 times.
  const { tokens } = data.vocabulary;
  assert.deepEqual(tokens.slice(0, 5), ['<pad>', '<unk>', '<eos>', 'a', '😀']);
  assert.deepEqual(new Set(tokens.slice(5)), new Set([...'bfun']));
  const { x, lengths, L, targets } = data.batch('train', [6, 0]);
  assert.equal(L, 4096);
  assert.deepEqual([...(lengths as Int32Array)], [4096, 21]);
  assert.deepEqual([...x.subarray(3998, 4002)], [3, 3, 4, 4]);
  assert.equal(x[4095], 2);
  assert.deepEqual([...targets], [0, 0]);
  assert.equal(data.text('test', 0), 'ba\ufffdba\ufffdba\ufffdba\ufffd\ufffdb\ufffd\ufffd\ufffd\ufffd😀\ufffd');
  assert.deepEqual(data.batch('validation', [0, 1]), data.batch('test', [0, 1]));
  assert.deepEqual(data.labelCounts('test'), [4, 4]);
  const fewer = await openImdb({ folder, sizes: { train: 2 } });
  assert.deepEqual(fewer.labelCounts('train'), [1, 1]);
});

test('a review that changes makes other data', async () => {
  const first = await openImdb({ folder });
  assert.equal((await openImdb({ folder })).checksum, first.checksum);
  write('test', 'neg', '0_2.txt', 'fun');
  utimesSync(join(folder, 'test', 'neg', '0_2.txt'), 1, 1);
  assert.notEqual((await openImdb({ folder })).checksum, first.checksum);
});

test('verification: counts, stars, empty reviews, texts in both sets', async () => {
  write('test', 'neg', '0_2.txt', text('neg', 1));
  write('test', 'pos', '10_9.txt', text('pos', 1));
  write('train', 'pos', '11_3.txt', ' \n');
  const { rows, complaints } = await verifyImdb({ from: folder });
  const here = Object.fromEntries(rows.map((row) => [row.quantity, row.here]));
  assert.equal(here['reviews in train/pos'], 5);
  assert.equal(here['reviews in test/neg'], 4);
  assert.equal(here['stars that do not fit their class'], 1);
  assert.equal(here['empty reviews'], 1);
  assert.equal(here['reviews longer than 4095 characters'], 1);
  // Test: neg 0 = neg 1, pos 10 = pos 1; of the 6 different ones neg 10 alone is not in training (it was replaced there).
  assert.equal(here['test reviews that repeat another one'], 2);
  assert.equal(here['texts of the test set that are in the training set'], 5);
  assert.equal(rows.filter((row) => !holds(row)).length, 7);
  assert.match(complaints[0], /val_split 0/);
  assert.ok(complaints.some((line) => /11_3\.txt: 3 stars do not make a pos review/.test(line)));
  assert.ok(complaints.some((line) => /11_3\.txt: the review is empty/.test(line)));
});

test('what is not there or not as it should be is named', async () => {
  await assert.rejects(definition.open({}), { name: 'MissingFileError', message: /repro data get imdb/ });
  await assert.rejects(openImdb({ folder: root }), /train.neg holds no reviews: give the folder aclImdb/);
  write('train', 'neg', '5_1.txt', Buffer.from([0x61, 0xff]));
  await assert.rejects(openImdb({ folder }), /5_1\.txt: it is not UTF-8/);
  write('train', 'neg', 'notes.txt', '');
  await assert.rejects(openImdb({ folder }), /notes\.txt: its name is not <id>_<stars>\.txt/);
  const stopped = reviews(reviewFiles(folder, 'test'), AbortSignal.abort(new Error('stop')));
  await assert.rejects(async () => {
    for await (const _ of stopped);
  }, /stop/);
});
