import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { END } from './gpt2-vocabulary.ts';
import { testPlace } from './test-corpus.ts';
import { bytesOf } from './token-file.ts';
import { type Documents, Tokeniser, type Tokens, utf8Length } from './tokenise.ts';

const place = testPlace();
/** Of very different sizes, so that the first batch takes longer than the ones after it. */
const documents = [
  'ab 12 '.repeat(180_000),
  '',
  ...Array<string>(300).fill(' é日 st'),
  '\ud83d',
  '\ude00',
  'aab '.repeat(270_000),
  'x',
];

async function all(workers: number, from: Documents, eos: boolean): Promise<Tokens> {
  const tokeniser = new Tokeniser(place.ranks, workers);
  const parts: Uint16Array[] = [];
  const counts: number[] = [];
  let bytes = 0;
  for await (const batch of tokeniser.tokenise(from, { eos })) {
    parts.push(batch.tokens.slice());
    counts.push(...batch.counts);
    bytes += batch.bytes;
  }
  await tokeniser.close();
  const tokens = new Uint16Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    tokens.set(part, at);
    at += part.length;
  }
  return { tokens, counts: Uint32Array.from(counts), bytes };
}
const digest = ({ tokens, counts, bytes }: Tokens) => [
  createHash('sha256').update(bytesOf(tokens)).digest('hex'),
  [...counts],
  bytes,
];

test('documents in order, whoever tokenises them, one by one or some at a time', { timeout: 60_000 }, async () => {
  const here = await all(1, documents, true);
  assert.deepEqual([...here.tokens.slice(-2)], [...place.tokens(['x'], true)]);
  assert.deepEqual(
    [...here.counts],
    documents.map((text) => place.tokens([text], true).length),
  );
  assert.equal(here.tokens.filter((id) => id === END).length, documents.filter(Boolean).length);
  assert.equal(
    here.bytes,
    documents.reduce((n, text) => n + Buffer.byteLength(text), 0),
  );
  for (const from of [documents, [documents.slice(0, 5), documents.slice(5)]])
    assert.deepEqual(digest(await all(3, from, true)), digest(here));
});

test('half a surrogate pair at the end of a text does not meet the other half', async () => {
  const { tokens } = await all(2, ['\ud83d', '\ude00'], false);
  assert.deepEqual([...tokens], place.tokens(['\ufffd', '\ufffd'], false));
  for (const text of ['', 'abc', 'é日\u{1F600}', '\ud83d', '\ude00\ud83d', 'a\ud83da'])
    assert.equal(utf8Length(text), Buffer.byteLength(text), JSON.stringify(text));
});

test('what goes wrong in a worker, and in the source of documents, is told', async () => {
  const missing = new Tokeniser({ file: join(place.root, 'nowhere'), sha256: '' }, 2);
  const run = async () => {
    for await (const _ of missing.tokenise(['a'], { eos: false }));
  };
  await assert.rejects(run(), /nowhere, GPT-2's tokens by rank, is not there/);
  await missing.close();
  const broken = (async function* () {
    yield 'a'.repeat(2 << 20);
    throw new Error('the source is broken');
  })();
  await assert.rejects(all(2, broken, false), { message: 'the source is broken' });
});
