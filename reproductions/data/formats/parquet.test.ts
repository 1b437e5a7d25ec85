import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { Cursor } from './cursor.ts';
import { FormatError } from './format-error.ts';
import { readRuns } from './parquet/runs.ts';
import { parquetOf, type SampleOptions } from './parquet/sample.ts';
import { unsnappy } from './parquet/snappy.ts';
import { readTextColumn } from './parquet.ts';
import { gather } from './samples.ts';

const texts = Array.from({ length: 250 }, (_, i) =>
  i % 3 ? ` line ${i % 17} ü 😀 \n` : i % 2 ? '' : 'zzzzzzzzzz'.repeat(9),
);
const read = (bytes: Uint8Array) => gather(readTextColumn({ bytes, file: 'a.parquet' }, 'text'));

const layouts: SampleOptions[] = [
  {},
  { required: true, codec: 'none', page: 250 },
  { dictionary: true, page: 30, group: 100 },
  { dictionary: true, required: true, codec: 'zstd', page: 8, checksums: true },
  { codec: 'gzip', group: 90, page: 90, checksums: true },
  { codec: 'zstd', page: 1 },
];

for (const layout of layouts)
  test(`pages of version 1, as pyarrow writes them: ${JSON.stringify(layout)}`, async () => {
    const bytes = parquetOf(texts, layout);
    assert.deepEqual(await read(bytes), texts);
    // The file is one in the eyes of another reader too.
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    const rows = await parquetReadObjects({ file, columns: ['text'], compressors });
    assert.deepEqual(
      rows.map((row) => row.text),
      texts,
    );
  });

test('pages of version 2, as hyparquet writes them, beside other columns', async () => {
  for (const codec of ['UNCOMPRESSED', 'SNAPPY'] as const)
    for (const encoding of ['PLAIN', 'RLE_DICTIONARY'] as const)
      for (const nullable of [true, false]) {
        const columnData = [
          { name: 'n', data: texts.map((_, i) => i), type: 'INT32' as const },
          { name: 'text', data: texts, type: 'STRING' as const, encoding, nullable },
        ];
        const bytes = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 100, pageSize: 900, codec }));
        assert.deepEqual(await read(bytes), texts);
        await assert.rejects(
          gather(readTextColumn({ bytes, file: 'a.parquet' }, 'n')),
          /a\.parquet, byte \d+: the parquet metadata has no text in the column "n"/,
        );
        await assert.rejects(
          gather(readTextColumn({ bytes, file: 'a.parquet' }, 'x')),
          /a\.parquet: there is no column "x"/,
        );
      }
});

test('from a file, in places', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'longconv-parquet-'));
  try {
    const path = join(folder, 'validation.parquet');
    writeFileSync(path, parquetOf(texts, { group: 60 }));
    assert.deepEqual(await gather(readTextColumn(path, 'text')), texts);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what is not read is refused by name, with its place', async () => {
  const refused = async (options: SampleOptions, what: RegExp) =>
    await assert.rejects(read(parquetOf(texts, options)), what);
  await refused({ missing: [107] }, /byte \d+: row 107 has no text/);
  await refused(
    { codec: 'brotli' },
    /compressed by brotli, which is not read: write the file with snappy, gzip or zstd/,
  );
  await refused({ encoding: 6 }, /the encoding 6, which is not read: write the file plain or with a dictionary/);
  await refused({ encoding: 8 }, /the page needs a dictionary, and none came before it/);
  await assert.rejects(read(parquetOf(texts).subarray(0, -9)), /cut short \(it does not end with PAR1\)/);
  await assert.rejects(read(Buffer.from('PK\x03\x04 no parquet')), /does not begin with PAR1/);
  await assert.rejects(read(Buffer.from('PAR1')), /cut short/);
});

test('a checksum of a page is held to', async () => {
  const bytes = Buffer.from(parquetOf(['sentinel'], { codec: 'none', checksums: true }));
  const at = bytes.indexOf('sentinel');
  bytes[at] ^= 1;
  await assert.rejects(read(bytes), /the page has other bytes than its checksum says/);
  const without = Buffer.from(parquetOf(['sentinel'], { codec: 'none' }));
  without[without.indexOf('sentinel')] ^= 1;
  assert.deepEqual(await read(without), ['rentinel']);
  without[without.indexOf('rentinel')] = 0xff;
  await assert.rejects(read(without), /a text is not UTF-8/);
});

test('numbers as large as they can be said are refused before anything is taken', async () => {
  // A page of 40 bytes that says 2^31 values, sizes, indices: by hand, for a flipped bit seldom says so much.
  const whole = parquetOf(['a', 'b', 'c'], { codec: 'none' });
  const started = performance.now();
  for (let at = 4; at < whole.length - 8; at++)
    for (const [value, bytes] of [
      [0x7fffffff, 5],
      [2 ** 52, 8],
      [3, 9],
    ]) {
      const number: number[] = [];
      for (let n = value, i = 0; i < bytes; i++, n = Math.floor(n / 128))
        number.push((n % 128) + (i + 1 < bytes ? 128 : 0));
      const bad = Buffer.concat([whole.subarray(0, at), Buffer.from(number), whole.subarray(at + bytes)]);
      await read(bad).catch((error) => assert.ok(error instanceof FormatError, String(error.stack)));
    }
  assert.ok(performance.now() - started < 5_000);
});

test('damaged at several places at once: a FormatError or text, soon', async () => {
  let state = 12345;
  const random = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const before = process.memoryUsage().rss;
  for (const layout of layouts) {
    const whole = parquetOf(texts.slice(0, 60), layout);
    for (let trial = 0; trial < 150; trial++) {
      const bytes = Uint8Array.from(whole);
      for (let flips = 1 + random(6); flips > 0; flips--) bytes[4 + random(bytes.length - 8)] = random(256);
      const started = performance.now();
      await read(bytes).catch((error) => assert.ok(error instanceof FormatError, String(error.stack)));
      assert.ok(performance.now() - started < 1_000, JSON.stringify(layout));
    }
  }
  assert.ok(process.memoryUsage().rss - before < 300 * 2 ** 20);
});

test('runs and packed numbers of every width', () => {
  const cursor = (...bytes: number[]) => new Cursor(Uint8Array.from(bytes), 'a');
  // The example of the format's description: 0 to 7 in three bits.
  assert.deepEqual([...readRuns(cursor(3, 0b10001000, 0b11000110, 0b11111010), 3, 8, 'it')], [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual([...readRuns(cursor(10, 0x34, 0x12), 13, 5, 'it')], new Array(5).fill(0x1234));
  assert.deepEqual([...readRuns(cursor(3, 1, 0, 0, 0, 255, 255, 255, 127), 32, 2, 'it')], [1, 0x7fffffff]);
  assert.deepEqual([...readRuns(cursor(), 0, 3, 'it')], [0, 0, 0]);
  assert.throws(() => readRuns(cursor(3, 1), 3, 8, 'it'), /it needs 3 bytes and 1 are left/);
  assert.throws(() => readRuns(cursor(0, 1), 1, 8, 'it'), FormatError);
  assert.throws(() => readRuns(cursor(), 33, 8, 'it'), /33 bits/);
});

test('snappy: every kind of element, and lies', () => {
  const bytes = (...of: number[]) => new Cursor(Uint8Array.from(of), 'a');
  const abc = [97, 98, 99];
  assert.equal(Buffer.from(unsnappy(bytes(9, 8, ...abc, 0b00001001, 3), 9)).toString(), 'abcabcabc');
  assert.equal(Buffer.from(unsnappy(bytes(9, 8, ...abc, (5 << 2) | 2, 3, 0), 9)).toString(), 'abcabcabc');
  assert.equal(Buffer.from(unsnappy(bytes(9, 8, ...abc, (5 << 2) | 3, 3, 0, 0, 0), 9)).toString(), 'abcabcabc');
  assert.equal(Buffer.from(unsnappy(bytes(3, 60 << 2, 2, ...abc), 3)).toString(), 'abc');
  assert.throws(() => unsnappy(bytes(3, 8, ...abc), 4), /say 3 bytes where the page has 4/);
  assert.throws(() => unsnappy(bytes(4, 8, ...abc), 4), /hold 3 of 4 bytes/);
  assert.throws(() => unsnappy(bytes(2, 8, ...abc), 2), /hold more than 2 bytes/);
  assert.throws(() => unsnappy(bytes(9, 8, ...abc, (5 << 2) | 2, 4, 0), 9), /from 4 bytes back, where 3 are/);
  assert.throws(() => unsnappy(bytes(9, 8, ...abc, (5 << 2) | 2, 0, 0), 9), /from 0 bytes back/);
  assert.throws(() => unsnappy(bytes(255, 255, 255, 127, 0), 268435455), /cannot hold 268435455 bytes/);
});
