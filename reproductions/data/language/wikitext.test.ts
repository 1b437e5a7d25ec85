import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { readNpy, writeNpy } from '../formats/npy.ts';
import { zipOf } from '../formats/samples.ts';
import { detokenise } from './detokenise.ts';
import { cut, testPlace, windows } from './test-corpus.ts';
import { reopenTokens } from './token-dataset.ts';
import { openWikiText } from './wikitext.ts';

const place = testPlace();
const lines = {
  train: [' \n', ' = Robert Boulter = \n', ' \n', ' Robert aab cab , a 12 @-@ 12 é日 . \n', '  \n', ' st st aaaa \n'],
  valid: [' \n', ' = abc = \n', ' abcabcab \n'],
  test: [' = t = \n', ' no end of line aaab'],
};
type Name = keyof typeof lines;
const names = Object.keys(lines) as Name[];
const files = Object.fromEntries(names.map((name) => [`wiki.${name}.raw`, lines[name].join('')]));
/** Rows of blanks are empty, and each row is tokenised on its own. */
const rows = (name: Name) => lines[name].map((line) => (line.trim() ? line : ''));
const open = (folder: string, length = 8, more = {}) => openWikiText({ folder, length, ranks: place.ranks, ...more });

test('windows of the rows, without end-of-text tokens; a row of blanks is nothing', async () => {
  const data = await open(place.folder('plain', files));
  for (const [split, name] of [
    ['train', 'train'],
    ['validation', 'valid'],
    ['test', 'test'],
  ] as const)
    assert.deepEqual(windows(data, split), cut(place.tokens(rows(name), false), 8), split);
  assert.equal(data.task, 'tokens');
  assert.equal(data.vocabulary, 50257);
  assert.equal(data.packed.train.documents, 3);
  assert.equal(data.bytesOf('train'), Buffer.byteLength(rows('train').join('')));
  assert.equal(data.bytesPerToken('train'), data.bytesOf('train') / place.tokens(rows('train'), false).length);
  assert.throws(() => data.batch('test', [data.sizes.test]), RangeError);
  const few = await open(join(place.root, 'plain'), 8, { sizes: { train: 2 } });
  assert.equal(few.sizes.train, 2);
  assert.notEqual(few.checksum, data.checksum);
  const again = await reopenTokens(JSON.parse(JSON.stringify(data.reopen?.settings)));
  assert.equal(again.checksum, data.checksum);
  for (const one of [data, few, again]) one.close?.();
});

test('the folder of the archive, the archive itself and the parquet files give the same', async () => {
  const text = (name: Name) => Buffer.from(files[`wiki.${name}.raw`]);
  const inFolder = Object.fromEntries(names.map((name) => [`wikitext-103-raw/wiki.${name}.raw`, text(name)]));
  const zip = zipOf([
    { path: 'wikitext-103-raw/', bytes: new Uint8Array(0), deflate: false },
    ...names.map((name) => ({ path: `wikitext-103-raw/wiki.${name}.raw`, bytes: text(name) })),
  ]);
  const table = (data: string[]) =>
    new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'text', data, type: 'STRING' }] }));
  const parquet = {
    'train-00000-of-00002.parquet': table(rows('train').slice(0, 4)),
    'train-00001-of-00002.parquet': table(rows('train').slice(4)),
    'validation-00000-of-00001.parquet': table(rows('valid')),
    'test-00000-of-00001.parquet': table(rows('test')),
  };
  const plain = await open(place.folder('plain2', files));
  for (const folder of [
    place.folder('in-folder', inFolder),
    place.folder('zip', { 'wikitext-103-raw-v1.zip': zip }),
    join(place.root, 'zip', 'wikitext-103-raw-v1.zip'),
    place.folder('parquet', parquet),
  ]) {
    const data = await open(folder);
    assert.deepEqual([data.checksum, data.packed], [plain.checksum, plain.packed], folder);
    data.close?.();
  }
  rmSync(join(place.root, 'parquet', 'train-00001-of-00002.parquet'));
  await assert.rejects(open(join(place.root, 'parquet')), /1 of the 2 parquet files of train/);
  await assert.rejects(open(place.folder('nothing', { x: '' })), { name: 'MissingFileError' });
  await assert.rejects(openWikiText({}), { name: 'MissingFileError' });
  plain.close?.();
});

test('the version with <unk>; changed files are packed again', async () => {
  const tokens = Object.fromEntries(
    names.map((name) => [`wikitext-103/wiki.${name}.tokens`, ' a <unk> ab \n'.repeat(4)]),
  );
  const folder = place.folder('v1', tokens);
  const data = await open(folder, 4, { version: 'v1' });
  assert.deepEqual(windows(data, 'train'), cut(place.tokens(Array(4).fill(' a <unk> ab \n'), false), 4));
  appendFileSync(join(folder, 'wikitext-103/wiki.train.tokens'), ' aab \n');
  const more = await open(folder, 4, { version: 'v1' });
  assert.ok(more.packed.train.tokens > data.packed.train.tokens);
  data.close?.();
  more.close?.();
});

test('any number of workers gives the same; the files are those of numpy', { timeout: 60_000 }, async () => {
  const long = ' a ab abc 12 12 st , é \n'.repeat(60_000);
  const folder = place.folder('long', { ...files, 'wiki.train.raw': long });
  const alone = await open(folder, 64, { workers: 1 });
  const array = readNpy(readFileSync(join(alone.folder, 'train.npy')), 'train.npy');
  assert.equal(array.dtype, 'u2');
  assert.equal(array.shape[0], alone.packed.train.tokens);
  assert.deepEqual(windows(alone, 'train').slice(0, 3), cut([...(array.data as Uint16Array)].slice(0, 200), 64));
  const before = readFileSync(join(alone.folder, 'packed.json'), 'utf8');
  alone.close?.();
  rmSync(alone.folder, { recursive: true });
  const many = await open(folder, 64, { workers: 3 });
  assert.equal(readFileSync(join(many.folder, 'packed.json'), 'utf8'), before);
  many.close?.();
});

test('stopped while packing, nothing is there; the next run gives what it should', { timeout: 60_000 }, async () => {
  const folder = place.folder('stopped', { ...files, 'wiki.train.raw': ' ab abc \n'.repeat(150_000) });
  const stop = new AbortController();
  const progress = () => stop.abort(new Error('enough'));
  await assert.rejects(open(folder, 8, { signal: stop.signal, progress }), { message: 'enough' });
  const data = await open(folder);
  assert.equal(data.packed.train.tokens, 150_000 * place.tokens([' ab abc \n'], false).length);
  assert.ok(!readdirSync(dirname(data.folder)).some((name) => /packing|lock/.test(name)));
  data.close?.();
});

test('a damaged file of tokens is set aside and made again', async () => {
  const folder = join(place.root, 'plain');
  const data = await open(folder);
  data.close?.();
  const path = join(data.folder, 'train.npy');
  const bytes = readFileSync(path);
  for (const damaged of [bytes.with(bytes.length - 1, 77), bytes.subarray(0, -2), Buffer.from('no')]) {
    writeFileSync(path, damaged);
    const again = await open(folder);
    assert.equal(again.checksum, data.checksum);
    assert.deepEqual(new Uint8Array(readFileSync(path)), new Uint8Array(bytes));
    again.close?.();
  }
  assert.equal(readdirSync(dirname(data.folder)).filter((name) => name.includes('.corrupt-')).length, 3);
});

test('spacing undone, by the rules of the reference', async () => {
  const pairs: [string, string][] = [
    [' = = Robert = = \n', ' == Robert ==\n'],
    [
      ' The 1 @,@ 000 @-@ year @.@ old man , his dogs \' " quick " ( and odd ) cat . \n',
      ' The 1,000-year.old man, his dogs\' "quick" (and odd) cat.\n',
    ],
    [" [ x ] { y } the ' 90s ' N = = = /' 9/ \n z", " [x] {y} the '90s' 1 === /'[0-9]/\nz"],
    [" the bird 's nest ; 5 \u00b0 north", " the bird's nest; 5\u00b0north"],
  ];
  for (const [from, to] of pairs) assert.equal(detokenise(from), to);
  const data = await open(join(place.root, 'plain'), 8, { detokenise: true });
  assert.deepEqual(windows(data, 'train'), cut(place.tokens(rows('train').map(detokenise), false), 8));
  data.close?.();
});

test("the reference code's own cache is read where it is, and has the same checksum", async () => {
  const data = await open(join(place.root, 'plain'));
  const name = 'tokenizer_name-gpt2-val_ratio-0.0005-val_split_seed-2357-add_eos-False-detokenize-False';
  const npy = Object.fromEntries(
    ['train', 'validation', 'test'].map((split) => {
      const { data: tokens } = readNpy(readFileSync(join(data.folder, `${split}.npy`)), split);
      return [`${name}/${split}.npy`, writeNpy(tokens as Uint16Array)];
    }),
  );
  const folder = join(place.folder('safari', npy), name);
  for (let time = 0; time < 2; time++) {
    const theirs = await open(folder);
    assert.equal(theirs.checksum, data.checksum);
    assert.equal(theirs.folder, folder);
    assert.equal(theirs.packed.train.bytes, data.packed.train.bytes);
    assert.deepEqual(windows(theirs, 'train'), windows(data, 'train'));
    theirs.close?.();
  }
  await assert.rejects(open(folder, 8, { detokenise: true }), /packed with add_eos-False-detokenize-False/);
  writeFileSync(join(folder, 'test.npy'), writeNpy(Uint16Array.of(1, 60_000, 2)));
  await assert.rejects(open(folder), /token 1 is 60000, which GPT-2 does not have/);
  data.close?.();
});
