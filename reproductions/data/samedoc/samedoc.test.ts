import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds } from '../comparison.ts';
import type { Address } from '../corpora/addresses.ts';
import type { BrownDocument } from '../corpora/brown.ts';
import { brownPackage, stdlibDatasets } from '../corpora/packages.ts';
import { splitNames } from '../dataset.ts';
import { Draws } from '../draws.ts';
import { havePackage } from '../packages/packages.ts';
import definition from '../sets/retrieval-samedoc.ts';
import { CHUNK, chunksOf, splitDocuments, splitOf } from './documents.ts';
import { measuredSimilarity } from './measured.ts';
import { PairDrawer } from './pairs.ts';
import { encodeChunks, openSameDoc, samePairs } from './samedoc.ts';
import { compareChunks, comparePairs, sameDocBaselines } from './verify.ts';

/** Documents that each talk of a topic of their own, in words that all share. */
const words = (topic: number, count: number) =>
  Array.from({ length: count }, (_, i) => (i % 3 ? `common${(i * 7) % 50}` : `topic${topic}x${i % 5}`));
const brown: BrownDocument[] = Array.from({ length: 60 }, (_, i) => ({
  ...{ id: `ca${i}`, category: 'news', paragraphs: [[words(i, 900 + 400 * (i % 3))]] },
}));
const speeches: Address[] = Array.from({ length: 60 }, (_, i) => ({
  ...{ id: `${1800 + i}_a`, year: 1800 + i, name: 'A', party: 'none' },
  text: words(100 + i, 700 * (1 + (i % 4))).join(' '),
}));
const documents = splitDocuments(brown, speeches);
const arrays = await encodeChunks(documents);
const sizes = { train: 600, validation: 200, test: 400 };

test('documents are cut into disjoint pieces of 3,999 characters, the rest is dropped', () => {
  const text = `${'a'.repeat(CHUNK)}${'😀'.repeat(CHUNK)}${'b'.repeat(CHUNK - 1)}`;
  assert.deepEqual(chunksOf(text), ['a'.repeat(CHUNK), '😀'.repeat(CHUNK)]);
  assert.deepEqual(chunksOf('short'), []);
  for (const split of splitNames) assert.ok(documents.some((document) => document.split === split));
  assert.equal(splitOf('brown/ca01'), splitOf('brown/ca01'));
});

test('pairs: balanced, of their split, of one collection, never of pieces with the same number', () => {
  const data = samePairs(arrays, 0, sizes);
  for (const row of comparePairs(data, arrays)) assert.ok(holds(row), `${row.quantity}: ${row.here}`);
  for (const split of splitNames) assert.deepEqual(data.labelCounts(split), [sizes[split] / 2, sizes[split] / 2]);
  // Both pieces of a positive pair name the topic of their document.
  const topic = (side: 0 | 1) => /topic(\d+)x/.exec(data.text('test', 0, side))?.[1];
  assert.equal(topic(0), topic(1));
  const { x, rows, B, L } = data.batch('test', [0, 1, 2]);
  assert.deepEqual([B, rows, L], [3, 6, CHUNK + 1]);
  assert.deepEqual([...x.subarray(L, L + CHUNK)], [...data.tokens('test', 1, 0)]);
  assert.deepEqual([...x.subarray(3 * L, 3 * L + CHUNK)], [...data.tokens('test', 0, 1)]);
  assert.ok(compareChunks(arrays).every((row) => !holds(row)));
});

test('the same seed gives the same pairs, of smaller sets the beginning', () => {
  const [one, two] = [samePairs(arrays, 0, sizes), samePairs(arrays, 0, { ...sizes, train: 100 })];
  assert.deepEqual(two.tokens('train', 99, 1), one.tokens('train', 99, 1));
  assert.deepEqual(two.tokens('test', 5, 1), one.tokens('test', 5, 1));
  assert.notEqual(two.checksum, one.checksum);
  assert.equal(samePairs(arrays, 0, sizes).checksum, one.checksum);
  assert.notEqual(samePairs(arrays, 1, sizes).checksum, one.checksum);
});

test('documents and pieces are drawn evenly, and alike for both labels', () => {
  const spans = [2, 3, 5, 2, 4].map((chunks, i) => ({ collection: 'brown' as const, first: 10 * i, chunks }));
  const drawer = new PairDrawer([...spans, { collection: 'sotu' as const, first: 90, chunks: 1 }]);
  const draws = new Draws(3, 'test');
  const DRAWN = 20_000;
  const counts = { 0: new Array(5).fill(0), 1: new Array(5).fill(0) };
  const second = { 0: new Array(5).fill(0), 1: new Array(5).fill(0) };
  for (let i = 0; i < DRAWN; i++) {
    const pair = drawer.draw(draws.start(i), (i % 2) as 0 | 1);
    counts[pair.label][Math.floor(pair.first / 10)]++;
    second[pair.label][Math.floor(pair.second / 10)]++;
    assert.notEqual(pair.first % 10, pair.second % 10);
  }
  // Each of five documents, 2,000 of 10,000 times; five standard deviations.
  for (const of of [counts, second])
    for (const label of [0, 1] as const)
      for (const n of of[label]) assert.ok(Math.abs(n - 2000) < 5 * Math.sqrt(10_000 * 0.2 * 0.8), `${of[label]}`);
  assert.throws(() => new PairDrawer(spans.slice(0, 1)), /a single document of brown/);
  assert.throws(() => new PairDrawer([]), /no documents of two chunks/);
});

test('the words of a document give it away', async () => {
  const data = samePairs(arrays, 0, sizes);
  const [majority, similar] = await sameDocBaselines(data, {});
  assert.equal(majority.value, 0.5);
  assert.ok(similar.value > 0.99, `${similar.value}`);
  const measured = await measuredSimilarity(arrays, {}, 400);
  assert.ok((measured.here as number) > 0.99);
});

test('the packages, where they are here, give the measured numbers', async (t) => {
  const lacking = [brownPackage, stdlibDatasets].filter((pin) => !havePackage(pin));
  if (lacking.length) return t.skip(`${lacking.map(({ npm }) => npm).join(', ')} not in the cache`);
  const { rows } = await definition.verify({});
  for (const row of rows) assert.ok(holds(row), `${row.quantity}: ${row.here} for ${row.reference}`);
  await assert.rejects(openSameDoc({ folder: '.' }), /is made from npm packages/);
});
