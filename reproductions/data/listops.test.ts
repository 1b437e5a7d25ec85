import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { holds } from './comparison.ts';
import { rootGuess } from './listops/baselines.ts';
import { compareListOps } from './listops/compare.ts';
import { readRows } from './listops/files.ts';
import { type Row, tokenize, toSource, writeTsv } from './listops/text.ts';
import { CLOSE, DIGIT, END, evaluate, lraBounds, OPERATOR, vocabulary } from './listops/tree.ts';
import { verifyListOps } from './listops/verify.ts';
import { type ListOps, openListOps } from './listops.ts';

const fixture = fileURLToPath(new URL('./fixtures/listops-samples.tsv', import.meta.url));
const sizes = { train: 4_000, validation: 500, test: 500 };
let folder = '';
let data: ListOps;
const previous = process.env.LONGCONV_CACHE;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-listops-'));
  process.env.LONGCONV_CACHE = folder;
  data = await openListOps({ seed: 11, sizes });
});
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const samples = () =>
  (['train', 'validation', 'test'] as const).flatMap((split) =>
    Array.from({ length: sizes[split] }, (_, i) => ({ tokens: data.tokens(split, i), label: data.label(split, i) })),
  );

const rowsOf = async (path: string): Promise<Row[]> => {
  const rows: Row[] = [];
  for await (const { source, target } of readRows(path)) rows.push({ source, target });
  return rows;
};

test('the 30 reference expressions evaluate to their targets and survive a round trip', async () => {
  const text = readFileSync(fixture, 'utf8');
  const rows = await rowsOf(fixture);
  assert.equal(rows.length, 30);
  for (const { source, target } of rows) {
    const tokens = tokenize(source);
    assert.equal(evaluate(tokens), target);
    assert.equal(toSource(tokens), source);
  }
  assert.equal(writeTsv(rows), text.replace(/\r\n/g, '\n'));
});

test('operators, as defined', () => {
  const value = (source: string) => evaluate(tokenize(source));
  assert.equal(value('( ( ( [MAX 5 ) 7 ) ] )'), 7);
  assert.equal(value('( ( ( ( ( [MED 9 ) 1 ) 2 ) 4 ) ] )'), 3);
  assert.equal(value('( ( ( [MED 1 ) 4 ) ] )'), 2);
  assert.equal(value('( ( ( ( [SM 9 ) 8 ) 7 ) ] )'), 4);
  assert.equal(value('( ( ( [MIN ( ( ( [SM 9 ) 9 ) ] ) ) 9 ) ] )'), 8);
  assert.throws(() => value('( [MAX'), /not complete/);
  assert.throws(() => value('3 4'), /after the end/);
  assert.throws(() => value('( [MAX ] )'), /no arguments/);
  assert.throws(() => value('( ( [MOD 1 ) ] )'), /<unk>/);
});

test('tokens: 18 symbols, cut at the longest length, closed by <eos>', () => {
  assert.equal(vocabulary.length, 18);
  assert.deepEqual(tokenize('( ( ( [MAX 5 ) 7 ) ] )', 2048), [OPERATOR + 1, DIGIT + 5, DIGIT + 7, CLOSE, END]);
  assert.deepEqual(tokenize('( ( ( [MAX 5 ) 7 ) ] )', 3), [OPERATOR + 1, DIGIT + 5, END]);
  // Parentheses are deleted, not replaced: "5)7" is one symbol that nobody knows.
  assert.deepEqual(tokenize('(\t[SM  5)7\u00a09 (X))'), [OPERATOR + 3, 1, DIGIT + 9, CLOSE]);
  assert.deepEqual(tokenize('', 5), [END]);
});

test('files: quoted fields as in CSV; what is wrong is named with its place', async () => {
  const path = join(folder, 'rows.tsv');
  const read = (text: string) => {
    writeFileSync(path, text);
    return rowsOf(path);
  };
  const expected = [
    { source: '( ( [MAX 5 ) ] )', target: 5 },
    { source: '7', target: 7 },
  ];
  assert.deepEqual(await read('Source\tTarget\r\n"( ( [MAX 5 ) ] )"\t5\r\n7\t"7"\r\n'), expected);
  await assert.rejects(read(''), /rows\.tsv, byte 0: the first line must be/);
  await assert.rejects(read('a\tb\n'), /rows\.tsv, byte 0: the first line must be "Source<TAB>Target"/);
  await assert.rejects(read('Source\tTarget\n5\t5\n5\t55\n'), /byte 18: row 2 is not "expression<TAB>digit": "5\\t55"/);
  await assert.rejects(read('Source\tTarget\n5\t5\t5\n'), /row 1 is not/);
});

test('every generated expression evaluates to its label, is within the bounds and occurs once', () => {
  const seen = new Set<string>();
  for (const { tokens, label } of samples()) {
    assert.equal(evaluate(tokens), label);
    assert.ok(tokens.length > 500 && tokens.length < 2000);
    seen.add(Buffer.from(tokens).toString('latin1'));
  }
  assert.equal(seen.size, 5_000);
});

test('5,000 generated expressions have the statistics of the published generator', async () => {
  const { rows, complaints } = await compareListOps(samples().map((sample) => ({ ...sample, where: '' })));
  assert.deepEqual(complaints, []);
  for (const row of rows) {
    // Every row is judged, and agrees: means to 4 standard errors, shares by chi-square at p = 0.001.
    assert.ok(row.limit !== null && holds(row), `${row.quantity}: ${row.distance} beyond ${row.limit}`);
  }
  const { distance } = rows.find(({ quantity }) => quantity === 'length, distribution') as (typeof rows)[0];
  assert.ok(distance !== null && distance < 0.03, `Kolmogorov distance of the lengths ${distance}`);
  assert.equal(rows.length, 22);
  // 36.3 % of 20,000; five standard errors of 5,000.
  const guess = rootGuess(data, 'train');
  assert.ok(Math.abs(guess - 0.363) < 5 * Math.sqrt((0.363 * 0.637) / 4000), `by the root alone ${guess}`);
});

test('expressions of another recipe are told from the published one', async () => {
  const disagreeing = async (bounds: typeof lraBounds) => {
    const other = await openListOps({ bounds, sizes: { train: 1_000, validation: 1, test: 1 } });
    const all = Array.from({ length: 1_000 }, (_, i) => ({
      ...{ tokens: other.tokens('train', i), label: other.label('train', i), where: '' },
    }));
    return (await compareListOps(all)).rows.filter((row) => !holds(row)).map(({ quantity }) => quantity);
  };
  assert.ok((await disagreeing({ ...lraBounds, maxArguments: 9 })).includes('arguments of the root, 2 to 10'));
  assert.ok(
    (await disagreeing({ ...lraBounds, maxDepth: 9 })).includes('expressions whose operators end above depth 9'),
  );
  assert.ok((await disagreeing({ ...lraBounds, minLength: 600 })).includes('length, mean'));
});

test('less than 2 % of the expressions lacking is seen by the exact shares', async () => {
  const wrong = async (kept: (length: number) => boolean) => {
    const some = samples().filter(({ tokens }) => kept(tokens.length));
    assert.ok(some.length > 4_900);
    const { rows } = await compareListOps(some.map((sample) => ({ ...sample, where: '' })));
    return rows.filter((row) => !holds(row)).map(({ quantity }) => quantity);
  };
  for (const kept of [(n: number) => n > 510, (n: number) => n < 1_925])
    assert.ok((await wrong(kept)).includes('lengths in steps, exactly'));
});

test('the same samples come from one worker, two workers, the cache, and as the beginning of a larger set', async () => {
  const small = { train: 700, validation: 20, test: 30 };
  const one = await openListOps({ seed: 11, sizes: small, workers: 1 });
  rmSync(folder, { recursive: true });
  const two = await openListOps({ seed: 11, sizes: small, workers: 2 });
  const kept = await openListOps({ seed: 11, sizes: small });
  assert.equal(two.checksum, one.checksum);
  assert.equal(kept.checksum, one.checksum);
  assert.deepEqual(one.tokens('train', 699), data.tokens('train', 699));
  assert.deepEqual(one.tokens('test', 29), data.tokens('test', 29));
  const other = await openListOps({ seed: 12, sizes: small });
  assert.notEqual(other.checksum, one.checksum);
});

test('a batch is padded to its longest sequence', () => {
  const { x, lengths, targets, B, L } = data.batch('validation', [3, 499, 3]);
  assert.equal(B, 3);
  assert.equal(L, Math.max(...(lengths as Int32Array)));
  [3, 499, 3].forEach((index, b) => {
    const tokens = data.tokens('validation', index);
    const row = Array.from(x.subarray(b * L, (b + 1) * L));
    assert.deepEqual(row, [...tokens, END, ...new Array(L - tokens.length - 1).fill(0)]);
    assert.equal(lengths?.[b], tokens.length + 1);
    assert.equal(targets[b], data.label('validation', index));
  });
  assert.throws(() => data.batch('validation', [500]), /no sample 500 in validation, which has 500/);
});

test('shorter expressions are possible, distinct, and named as another task', async () => {
  const bounds = { minLength: 8, maxLength: 40, maxDepth: 4, maxArguments: 4 };
  const short = await openListOps({ bounds, sizes: { train: 3_000, validation: 100, test: 100 } });
  assert.match(short.kind, /^generated-variant:8 < length < 40/);
  assert.equal(data.kind, 'generated-equivalent');
  const seen = new Set<string>();
  for (let i = 0; i < 3_000; i++) {
    assert.equal(evaluate(short.tokens('train', i)), short.label('train', i));
    seen.add(short.tokens('train', i).join());
  }
  assert.equal(seen.size, 3_000);
});

test('an expression of a file is cut at 2,047 tokens, the last of 2,048 is <eos>', async () => {
  const own = join(folder, 'long');
  mkdirSync(own, { recursive: true });
  const source = `${'( '.repeat(2_101)}[SM ${'3 ) '.repeat(2_100)}] )`;
  for (const name of ['train', 'val', 'test'])
    writeFileSync(join(own, `basic_${name}.tsv`), writeTsv([{ source, target: 0 }]));
  const long = await openListOps({ folder: own });
  assert.equal(long.length, 2_048);
  const { x, lengths, L } = long.batch('test', [0]);
  assert.deepEqual([L, lengths?.[0]], [2_048, 2_048]);
  assert.deepEqual([x[0], x[1], x[2_046], x[2_047]], [OPERATOR + 3, DIGIT + 3, DIGIT + 3, END]);
});

test("the archive's own files can be read", async () => {
  const own = join(folder, 'files');
  mkdirSync(own, { recursive: true });
  await assert.rejects(openListOps({ folder: own }), /basic_train\.tsv is not there; it holds the train split/);
  for (const name of ['train', 'val', 'test']) copyFileSync(fixture, join(own, `basic_${name}.tsv`));
  const real = await openListOps({ folder: own });
  assert.equal(real.kind, 'real');
  assert.deepEqual(real.sizes, { train: 30, validation: 30, test: 30 });
  for (let i = 0; i < 30; i++) assert.equal(evaluate(real.tokens('test', i)), real.label('test', i));
  const fewer = await openListOps({ folder: own, sizes: { train: 7 } });
  assert.deepEqual(fewer.sizes, { train: 7, validation: 30, test: 30 });
  assert.deepEqual(fewer.tokens('validation', 3), real.tokens('validation', 3));
  assert.deepEqual(fewer.tokens('train', 6), real.tokens('train', 6));
  assert.notEqual(fewer.checksum, real.checksum);
  await assert.rejects(
    openListOps({ folder: own, sizes: { test: 31 } }),
    /the test split can have 1 to 30 samples, not 31/,
  );
  writeFileSync(join(own, 'basic_val.tsv'), 'Source\tTarget\n');
  await assert.rejects(openListOps({ folder: own }), /basic_val\.tsv: it holds no samples/);
});

test('verification of files: every label again, counts judged where the archive is meant', async () => {
  const own = join(folder, 'verified');
  mkdirSync(own, { recursive: true });
  const [good, ...more] = await rowsOf(fixture);
  writeFileSync(join(own, 'basic_test.tsv'), writeTsv([good, { ...more[0], target: (more[0].target + 1) % 10 }]));
  const one = await verifyListOps({ from: join(own, 'basic_test.tsv') });
  const wrong = one.rows.filter((row) => !holds(row)).map(({ quantity }) => quantity);
  assert.deepEqual(wrong, ['labels that are not the value']);
  assert.match(one.complaints[0], /basic_test\.tsv, row 2: the expression has the value \d, its label says \d/);
  const short = Array.from({ length: 50_000 }, () => ({ source: '( ( ( [MAX 5 ) 7 ) ] )', target: 7 }));
  writeFileSync(join(own, 'basic_train.tsv'), writeTsv(short));
  const judged = async () =>
    (await verifyListOps({ from: own })).rows
      .filter((row) => row.quantity.startsWith('rows of') && !holds(row))
      .map(({ quantity, here, reference }) => `${quantity}: ${here} for ${reference}`);
  assert.deepEqual(await judged(), []);
  writeFileSync(join(own, 'basic_val.tsv'), writeTsv([good]));
  assert.deepEqual(await judged(), [
    'rows of basic_train.tsv: 50000 for 96000',
    'rows of basic_val.tsv: 1 for 2000',
    'rows of basic_test.tsv: 2 for 2000',
  ]);
});
