import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import statistics from './fixtures/listops-statistics.json' with { type: 'json' };
import { readTsv, tokenize, toSource, writeTsv } from './listops/text.ts';
import { CLOSE, DIGIT, END, evaluate, OPERATOR, vocabulary } from './listops/tree.ts';
import { type ListOps, openListOps } from './listops.ts';
import { chiSquare, kolmogorov } from './statistics.ts';

const fixture = new URL('./fixtures/listops-samples.tsv', import.meta.url);
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

test('the 30 reference expressions evaluate to their targets and survive a round trip', () => {
  const text = readFileSync(fixture, 'utf8');
  const rows = readTsv(text);
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
  assert.throws(() => readTsv('a\tb\n'), /first line/);
  assert.throws(() => readTsv('Source\tTarget\n5\t55\n'), /line 2/);
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

test('5,000 generated expressions have the statistics of the published generator', () => {
  const all = samples();
  const lengths = all.map((s) => s.tokens.length);
  const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
  // 5 standard errors of the mean.
  assert.ok(Math.abs(mean - statistics.length.mean) < 5 * (statistics.length.sd / Math.sqrt(5_000)), `mean ${mean}`);
  const histogram = Object.values(statistics.length.histogram);
  const bins = new Array(histogram.length).fill(0);
  for (const n of lengths) bins[Math.floor(n / 100) - 5]++;
  const distance = kolmogorov(bins, histogram);
  assert.ok(distance < 0.03, `Kolmogorov distance of the lengths ${distance}`);

  const labels = new Array(10).fill(0);
  const rootArguments = new Array(9).fill(0);
  const rootOperators = new Array(4).fill(0);
  const byRoot = Array.from({ length: 4 }, () => new Array(10).fill(0));
  const byDepth = new Array(9).fill(0);
  let operators = 0;
  for (const { tokens, label } of all) {
    labels[label]++;
    rootOperators[tokens[0] - OPERATOR]++;
    byRoot[tokens[0] - OPERATOR][label]++;
    let depth = 0;
    let count = 0;
    for (const token of tokens) {
      if (depth === 1 && token !== CLOSE) count++;
      if (token >= OPERATOR && token < CLOSE) byDepth[depth++]++;
      else if (token === CLOSE) depth--;
    }
    rootArguments[count - 2]++;
    operators += tokens.filter((t) => t >= OPERATOR && t < CLOSE).length;
  }
  // Critical values at p = 0.001 for 9, 8 and 3 degrees of freedom.
  const within = (name: string, counts: number[], expected: number[], limit: number, size = statistics.samples) => {
    const x = chiSquare(counts, expected, size);
    assert.ok(x < limit, `chi-square of ${name}: ${x}`);
  };
  within('labels', labels, statistics.labels, 27.88);
  within('root arguments', rootArguments, statistics.rootArguments, 26.12);
  within('root operators', rootOperators, [0.25, 0.25, 0.25, 0.25], 16.27);
  for (const [root, expected] of Object.entries(statistics.labelsByRoot)) {
    const counts = byRoot[vocabulary.indexOf(root as '[MIN') - OPERATOR];
    within(`labels under ${root}`, counts, expected, 27.88, statistics.samples / 4);
  }
  const perSample = operators / 5_000;
  assert.ok(Math.abs(perSample - statistics.operators.mean) < 5 * (statistics.operators.sd / Math.sqrt(5_000)));
  byDepth.forEach((n, d) => {
    assert.ok(Math.abs(n / operators - statistics.operatorsByDepth[d]) < 0.01, `operators at depth ${d + 1}`);
  });
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

test("the archive's own files can be read", async () => {
  const own = join(folder, 'files');
  mkdirSync(own, { recursive: true });
  await assert.rejects(openListOps({ folder: own }), /basic_train\.tsv is not there; it holds the train split/);
  for (const name of ['train', 'val', 'test']) copyFileSync(fixture, join(own, `basic_${name}.tsv`));
  const real = await openListOps({ folder: own });
  assert.equal(real.kind, 'real');
  assert.deepEqual(real.sizes, { train: 30, validation: 30, test: 30 });
  for (let i = 0; i < 30; i++) assert.equal(evaluate(real.tokens('test', i)), real.label('test', i));
  writeFileSync(join(own, 'basic_val.tsv'), 'Source\tTarget\n');
  await assert.rejects(openListOps({ folder: own }), /basic_val\.tsv holds no samples/);
});
