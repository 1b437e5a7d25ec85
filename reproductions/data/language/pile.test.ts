import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { holds } from '../comparison.ts';
import { FormatError } from '../formats/format-error.ts';
import { readDocuments } from '../formats/jsonl.ts';
import { gather, inChunks, zstdFrame } from '../formats/samples.ts';
import { unzstd } from '../formats/zstd.ts';
import { languageBaselines } from './baselines.ts';
import { END } from './gpt2-vocabulary.ts';
import { openPile } from './pile.ts';
import { compareComponents, components, countComponents, withdrawn } from './pile-components.ts';
import { openPileEdition } from './pile-editions.ts';
import { verifyPile } from './pile-verify.ts';
import { textSize } from './real-input.ts';
import { cut, testPlace, windows } from './test-corpus.ts';
import { splitOf, writeShards } from './write-shards.ts';

const place = testPlace();
const line = (text: string, set = 'Pile-CC') => `${JSON.stringify({ text, meta: { pile_set_name: set } })}\n`;
const documents = [
  ' a ab abc',
  '',
  'lone \ud800',
  '\udc00 other half',
  '12 <|endoftext|> é日\n\nst',
  'aaaa'.repeat(99),
];
/** As JSON carries them: a lone surrogate is no character. */
const read = documents.map((text) => Buffer.from(text).toString());
/** Frames, one of which may be skipped, as zstd allows. */
const frames = (texts: readonly string[], at: number) =>
  Buffer.concat([
    zstdFrame(
      Buffer.from(
        texts
          .slice(0, at)
          .map((text) => line(text))
          .join(''),
      ),
    ),
    Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]),
    zstdFrame(
      Buffer.from(
        texts
          .slice(at)
          .map((text) => line(text))
          .join(''),
      ),
    ),
  ]);
const files = {
  'train/00.jsonl.zst': frames(documents, 2),
  'train/01.jsonl.zst': frames(documents.toReversed(), 1),
  'val.jsonl.zst': frames(documents.slice(2), 1),
  'test.jsonl.zst': frames(documents.slice(4), 1),
};
const open = (folder: string, more = {}) => openPile({ folder, length: 16, ranks: place.ranks, ...more });

test('shards of several frames in order, <|endoftext|> after every document that is not empty', async () => {
  const data = await open(place.folder('pile', files));
  const expected = place.tokens([...read, ...read.toReversed()], true);
  assert.deepEqual(windows(data, 'train'), cut(expected, 16));
  assert.deepEqual(windows(data, 'validation'), cut(place.tokens(read.slice(2), true), 16));
  assert.deepEqual(windows(data, 'test'), cut(place.tokens(read.slice(4), true), 16));
  assert.equal(expected.filter((id) => id === END).length, 10);
  assert.equal(data.packed.train.documents, 10);
  assert.equal(data.packed.train.bytes, 2 * Buffer.byteLength(read.join('')));
  assert.equal(data.packed.train.tokens, expected.length);
  data.close?.();
});

test('the names of repro data get, and splits that are not compressed', async () => {
  const whole = await open(join(place.root, 'pile'));
  const plain = {
    'train-00.jsonl.zst': files['train/00.jsonl.zst'],
    'train-01.jsonl.zst': files['train/01.jsonl.zst'],
    'val.jsonl': documents
      .slice(2)
      .map((text) => line(text))
      .join(''),
    'test.jsonl': documents
      .slice(4)
      .map((text) => line(text))
      .join(''),
  };
  const data = await open(place.folder('got', plain));
  assert.equal(data.checksum, whole.checksum);
  data.close?.();
  rmSync(join(place.root, 'got', 'train-00.jsonl.zst'));
  await assert.rejects(open(join(place.root, 'got')), /the shard 1 of the training split, but not the shard 0/);
  rmSync(join(place.root, 'got', 'train-01.jsonl.zst'));
  const held = await open(join(place.root, 'got'));
  assert.deepEqual([held.sizes.train, held.sizes.test], [0, whole.sizes.test]);
  held.close?.();
  rmSync(join(place.root, 'got', 'val.jsonl'));
  await assert.rejects(open(join(place.root, 'got')), /neither val\.jsonl\.zst nor val\.jsonl/);
  whole.close?.();
});

test('a shard that is damaged is named', async () => {
  const damaged = files['train/01.jsonl.zst'].subarray(0, -3);
  const folder = place.folder('damaged', { ...files, 'train/01.jsonl.zst': damaged });
  await assert.rejects(open(folder), (error) => error instanceof FormatError && /01\.jsonl\.zst/.test(error.message));
});

test('stopped after a shard, packing goes on with the next one', async () => {
  const folder = place.folder('resumed', files);
  const path = join(folder, 'train/00.jsonl.zst');
  const whenever = new Date(1_700_000_000_000);
  utimesSync(path, whenever, whenever);
  const stop = new AbortController();
  const first = textSize(path);
  // In the second shard: the first one is finished.
  const progress = (done: number) => done > first && stop.abort(new Error('enough'));
  await assert.rejects(open(folder, { signal: stop.signal, progress }), { message: 'enough' });
  // Whoever read the first shard again would find nonsense of the same size and date.
  writeFileSync(path, new Uint8Array(statSync(path).size));
  utimesSync(path, whenever, whenever);
  const data = await open(folder);
  const whole = await open(join(place.root, 'pile'));
  assert.equal(data.checksum, whole.checksum);
  assert.deepEqual(windows(data, 'train'), windows(whole, 'train'));
  data.close?.();
  whole.close?.();
});

test('shares of the components against the published ones', async () => {
  assert.ok(Math.abs(Object.values(components).reduce((n, share) => n + share, 0) - 100) < 1e-9);
  assert.equal(Object.keys(components).length, 22);
  // 20,000 documents of one size, spread as published.
  const lines = Object.entries(components).flatMap(([name, share]) =>
    Array<string>(Math.round(share * 200)).fill(line('x'.repeat(50), name)),
  );
  const folder = place.folder('shares', { 'val.jsonl': lines.join(''), 'test.jsonl': line('one', 'Wikipedia') });
  const found = await verifyPile({ from: join(folder, 'val.jsonl') });
  assert.ok(found.rows.every(holds));
  assert.equal(found.rows.filter(({ limit }) => limit !== null).length, 22);
  const uncopyrighted = await verifyPile({ from: join(folder, 'val.jsonl') }, openPileEdition);
  assert.ok(!uncopyrighted.rows.every(holds));
  const rest = lines.filter((one) => !withdrawn.includes(JSON.parse(one).meta.pile_set_name)).join('');
  const left = join(place.folder('left', { 'val.jsonl': rest }), 'val.jsonl');
  assert.ok((await verifyPile({ from: left }, openPileEdition)).rows.every(holds));
  assert.ok(!(await verifyPile({ from: left })).rows.every(holds));
  const few = compareComponents(await countComponents([join(folder, 'val.jsonl')], { limit: 3000 }));
  assert.ok(!few.every(holds));
  const other = await verifyPile({ from: folder });
  assert.ok(other.rows.every(holds), 'validation and test alone are what can be had');
  const shard = place.folder('shares', { 'train/00.jsonl.zst': zstdFrame(Buffer.from(lines.join(''))) });
  const [shards, ...others] = (await verifyPile({ from: shard })).rows;
  assert.deepEqual([shards.here, shards.reference, holds(shards), others.every(holds)], [1, 30, false, true]);
  assert.ok(other.rows.some(({ quantity }) => quantity === 'share of Wikipedia'));
});

test('documents into shards: each once, in its split, several frames, the same files every time', {
  timeout: 60_000,
}, async () => {
  const all = Array.from({ length: 3000 }, (_, i) => ({
    text: `${i} ${'ab '.repeat(2000 + (i % 7))}`,
    set: `s${i % 3}`,
  }));
  const folder = join(place.root, 'written', 'shards');
  await writeShards(folder, async () => [...all, ...all.slice(0, 5)], { shard: 9 << 20 });
  assert.deepEqual(readdirSync(join(folder, 'train')).sort(), ['00.jsonl.zst', '01.jsonl.zst']);
  const found = new Map<string, string>();
  for (const [file, split] of [
    ['train/00', 'train'],
    ['train/01', 'train'],
    ['val', 'validation'],
    ['test', 'test'],
  ])
    for (const { text, set } of await gather(readDocuments(join(folder, `${file}.jsonl.zst`)))) {
      assert.ok(!found.has(text));
      assert.equal(splitOf(text), split);
      found.set(text, set as string);
    }
  assert.deepEqual([...found].sort(), all.map(({ text, set }) => [text, set]).sort());
  const bytes = readFileSync(join(folder, 'train/00.jsonl.zst'));
  const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
  assert.ok(bytes.indexOf(magic, 4) > 0, 'more than one frame');
  await gather(unzstd(inChunks(bytes, 5000), 'shard'));
  const again = join(place.root, 'written', 'again');
  await writeShards(again, async () => all.toReversed(), { shard: 9 << 20 });
  assert.deepEqual(readFileSync(join(again, 'val.jsonl.zst')), readFileSync(join(folder, 'val.jsonl.zst')));
  const failed = join(place.root, 'written', 'failed');
  await assert.rejects(
    writeShards(failed, () => Promise.reject(new Error('no texts'))),
    { message: 'no texts' },
  );
  assert.deepEqual(readdirSync(join(place.root, 'written')).sort(), ['again', 'shards']);
});

test('a split of a document by its SHA-1', () => {
  // sha1('a') = 86f7e437faa5a7fce15d1ddcb9eaeaea377667b8; modulo 1000 by hand.
  const n = Number(0x86f7e437faa5a7fce15d1ddcb9eaeaea377667b8n % 1000n);
  assert.equal(splitOf('a'), n < 980 ? 'train' : n < 990 ? 'validation' : 'test');
  const counts = { train: 0, validation: 0, test: 0 };
  for (let i = 0; i < 5000; i++) counts[splitOf(`document ${i}`)]++;
  assert.ok(counts.train > 4850 && counts.validation > 20 && counts.test > 20, JSON.stringify(counts));
});

test('baselines: nats per token and bits per byte that fit together', async () => {
  const data = await open(join(place.root, 'pile'));
  const rows = await languageBaselines(data, {});
  assert.deepEqual(
    rows.map(({ metric }) => metric),
    Array(3).fill(['loss', 'bits per byte']).flat(),
  );
  for (let i = 0; i < rows.length; i += 2) {
    const bits = (rows[i].value * data.packed.test.tokens) / data.packed.test.bytes / Math.LN2;
    assert.ok(Math.abs(rows[i + 1].value - bits) < 1e-12);
  }
  assert.ok(rows[4].value < rows[0].value);
  data.close?.();
});
