import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { holds } from '../comparison.ts';
import type { Dataset } from '../dataset.ts';
import definition from '../sets/aan.ts';
import { openAan } from './aan.ts';
import { readPairs } from './files.ts';
import { aanBaselines, verifyAan } from './verify.ts';

let root = '';
let folder = '';
const previous = process.env.LONGCONV_CACHE;
const names = { train: 'new_aan_pairs.train.tsv', eval: 'new_aan_pairs.eval.tsv', test: 'new_aan_pairs.test.tsv' };
const write = (name: keyof typeof names, rows: readonly string[][]) =>
  writeFileSync(join(folder, names[name]), rows.map((row) => `${row.join('\t')}\n`).join(''));
/** Papers on a topic share its words. */
const paper = (topic: number, i: number) => `on topic${topic} topic${topic} we show result${i} of many`;
const pairs = (count: number, from: number) =>
  Array.from({ length: count }, (_, i) => {
    const cites = i % 2 === 0;
    const topic = from + i;
    return [cites ? '1.0' : '0.0', `P${topic}a`, `P${topic}b`, paper(topic, 1), paper(cites ? topic : topic + 1, 2)];
  });
before(() => {
  root = mkdtempSync(join(tmpdir(), 'longconv-aan-'));
  process.env.LONGCONV_CACHE = join(root, 'cache');
  folder = join(root, 'tsv_data');
  mkdirSync(folder);
});
after(() => {
  rmSync(root, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});
const usual = () => {
  write('train', pairs(20, 0));
  write('eval', pairs(4, 100));
  write('test', pairs(10, 200));
};

test('batches: first documents of all pairs, then the second ones, cut and padded to one length', async () => {
  write('train', [
    ['0.0', 'A', 'B', 'abcab', `${'b'.repeat(3998)}😀zzz`],
    ['1.0', 'C', 'D', 'a', 'bb'],
  ]);
  write('eval', [['1.0', 'E', 'F', 'az', 'b']]);
  write('test', [['0.0', 'G', 'H', 'a', '']]);
  const data = await openAan({ folder });
  assert.deepEqual(data.sizes, { train: 2, validation: 1, test: 1 });
  assert.equal(data.pairs, true);
  // z comes behind the cut: it is not counted.
  assert.deepEqual(data.vocabulary.tokens, ['<pad>', '<unk>', '<eos>', 'b', 'a', 'c', '😀']);
  const { x, lengths, targets, B, rows, L } = data.batch('train', [1, 0]);
  assert.deepEqual([B, rows, L], [2, 4, 4000]);
  assert.deepEqual([...(lengths as Int32Array)], [2, 6, 3, 4000]);
  assert.deepEqual([...targets], [1, 0]);
  assert.deepEqual([...x.subarray(0, 3)], [4, 2, 0]);
  assert.deepEqual([...x.subarray(L, L + 7)], [4, 3, 5, 4, 3, 2, 0]);
  assert.deepEqual([...x.subarray(2 * L, 2 * L + 4)], [3, 3, 2, 0]);
  assert.deepEqual([...x.subarray(4 * L - 3)], [3, 6, 2]);
  assert.deepEqual([...data.batch('validation', [0]).x], [4, 1, 2, 3, 2, 0]);
  assert.deepEqual([...data.batch('test', [0]).x], [4, 2, 2, 0]);
  assert.ok(data.text('train', 0, 1).endsWith('b😀'));
  data.close();
});

test('quoting is a choice: texts in quotation marks differ, a line end inside of them too', async () => {
  usual();
  write('train', [
    ['1.0', 'A', 'B', '"We ""show"" it"', 'say "so"'],
    ['0.0', 'C', 'D', '"open', 'E"'],
    ['1.0', 'E', 'F', 'plain', 'text'],
  ]);
  const texts = async (quoting: boolean) => {
    const found: string[][] = [];
    for await (const pair of readPairs(join(folder, names.train), quoting)) found.push(pair.texts);
    return found;
  };
  assert.deepEqual((await texts(false))[0], ['"We ""show"" it"', 'say "so"']);
  await assert.rejects(texts(true), /new_aan_pairs\.train\.tsv, byte \d+: this record has 4 fields instead of 5/);
  write('train', [
    ['1.0', 'A', 'B', '"We ""show"" it"', 'say "so"'],
    ['0.0', 'C', 'D', 'more', '"of\n1.0\tx\ty\tz\tthis"'],
    ['1.0', 'E', 'F', 'plain', 'text'],
  ]);
  assert.deepEqual(await texts(true), [
    ['We "show" it', 'say "so"'],
    ['more', 'of\n1.0\tx\ty\tz\tthis'],
    ['plain', 'text'],
  ]);
  const [on, off] = [await openAan({ folder }), await openAan({ folder, quoting: false })];
  assert.deepEqual([on.sizes.train, off.sizes.train], [3, 4]);
  assert.notEqual(on.checksum, off.checksum);
  assert.match(off.description, /without quoting/);
  const { rows } = await verifyAan({ from: folder });
  const differing = rows.find((row) => row.quantity === 'train: rows that quoting reads differently');
  assert.equal(differing?.here, 3);
  on.close();
  off.close();
});

test('prepared once, opened from the cache, made again when damaged', async () => {
  usual();
  const seen: number[] = [];
  const data = await openAan({ folder, progress: (done) => void seen.push(done) });
  const { checksum } = data;
  data.close();
  const cache = join(root, 'cache', 'aan');
  const before = new Set(readdirSync(cache));
  assert.ok([...before].every((name) => /\.(lcd|ids)$/.test(name)));
  const again = await openAan({ folder, sizes: { train: 6 } });
  assert.notEqual(again.checksum, checksum);
  assert.deepEqual(again.labelCounts('train'), [3, 3]);
  again.close();
  assert.deepEqual(new Set(readdirSync(cache)), before);
  const said: string[] = [];
  const { error } = console;
  console.error = (line: string) => void said.push(line);
  try {
    for (const name of before) if (name.endsWith('.ids')) truncateSync(join(cache, name), 5);
    const mended = await openAan({ folder });
    assert.equal(mended.checksum, checksum);
    mended.close();
    assert.match(said.join(), /\.ids has 5 bytes instead of \d+: set aside as .*corrupt-1, making it again/);
    for (const name of readdirSync(cache)) if (name.endsWith('.ids')) rmSync(join(cache, name));
    const third = await openAan({ folder });
    assert.equal(third.checksum, checksum);
    third.close();
  } finally {
    console.error = error;
  }
});

test('a loading thread opens the same data', async () => {
  usual();
  const data = await openAan({ folder, sizes: { train: 8 } });
  const { module, name, settings } = data.reopen as NonNullable<Dataset['reopen']>;
  const there = await ((await import(module))[name](structuredClone(settings)) as ReturnType<typeof openAan>);
  assert.equal(there.checksum, data.checksum);
  assert.deepEqual(there.batch('train', [7, 2]), data.batch('train', [7, 2]));
  data.close();
  there.close();
});

test('more than 256 characters are kept in two bytes', async () => {
  usual();
  const wide = Array.from({ length: 300 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
  write('train', [['1.0', 'A', 'B', wide, `${wide}x`]]);
  const data = await openAan({ folder });
  assert.equal(data.vocabulary.size, 304);
  assert.equal(data.text('train', 0, 1), `${wide}x`);
  assert.equal(data.text('train', 0, 0), wide);
  data.close();
});

test('verification: counts, empty texts, papers in two splits', async () => {
  usual();
  write('test', [...pairs(3, 0), ['0.0', 'P1a', 'new', 'text', '']]);
  const { rows, complaints } = await verifyAan({ from: folder });
  const here = Object.fromEntries(rows.map((row) => [row.quantity, row.here]));
  assert.equal(here['pairs of new_aan_pairs.train.tsv'], 20);
  assert.equal(here['empty texts'], 1);
  assert.equal(here['train: share of citing pairs'], 0.5);
  assert.equal(here['test: papers that are in the training pairs too'], 6);
  assert.equal(here['test: pairs that are training pairs too'], 3);
  assert.equal(here['validation: papers that are in the training pairs too'], 0);
  const failed = rows.filter((row) => !holds(row)).map(({ quantity }) => quantity);
  assert.deepEqual(failed, ['pairs of new_aan_pairs.train.tsv', 'empty texts', 'vocabulary']);
  assert.deepEqual(complaints, []);
  write('eval', [['1.0', 'A', 'B', '"never closed', 'x']]);
  const open = await verifyAan({ from: folder });
  assert.match(open.complaints[0], /eval\.tsv, byte 0: a quotation mark that is opened in this record is never closed/);
});

test('the words of citing papers give them away', async () => {
  usual();
  const data = await openAan({ folder });
  const [majority, similar] = await aanBaselines(data, {});
  assert.equal(majority.value, 0.5);
  assert.equal(similar.value, 1);
  data.close();
});

test('what is not there or not as it should be is named', async () => {
  usual();
  await assert.rejects(definition.open({}), { name: 'MissingFileError', message: /repro data get lra/ });
  await assert.rejects(openAan({ folder: root }), /new_aan_pairs\.train\.tsv is not there; it holds the train split/);
  write('test', [['0.5', 'A', 'B', 'x', 'y']]);
  await assert.rejects(openAan({ folder }), /test\.tsv, byte 0: this row begins with "0\.5", which is not the label/);
  write('test', [
    ['1.0', 'A', 'B', 'x', 'y'],
    ['1.0', 'A', 'x'],
  ]);
  await assert.rejects(openAan({ folder }), /test\.tsv, byte 12: this record has 3 fields instead of 5/);
  await assert.rejects(openAan({ folder, signal: AbortSignal.abort(new Error('stop')) }), /stop/);
  // Nothing half-made is left.
  assert.ok(readdirSync(join(root, 'cache', 'aan')).every((name) => !name.endsWith('.tmp')));
});
