import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFmriTar } from './fmri-run.ts';
import { FormatError } from './format-error.ts';
import { readDocuments } from './jsonl.ts';
import { readLines } from './lines.ts';
import { gather, inChunks, pickles, unhex, zstdFrame } from './samples.ts';
import { writeTar } from './tar-write.ts';
import { readTsv } from './tsv.ts';

async function inFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'longconv-text-'));
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('lines: every way to cut the chunks, CRLF, a last line without an end', async () => {
  const bytes = Buffer.from('eins\r\n\nzwölf 😀\nlast');
  for (let size = 1; size <= bytes.length; size++) {
    const lines = await gather(readLines(inChunks(bytes, size), 'a'));
    assert.deepEqual(
      lines.map((line) => line.text),
      ['eins', '', 'zwölf 😀', 'last'],
      `chunks of ${size}`,
    );
    assert.deepEqual(
      lines.map((line) => line.offset),
      [0, 6, 7, 19],
    );
  }
  assert.equal((await gather(readLines(inChunks(Buffer.from('a\nb\n')), 'a'))).length, 2);
  await assert.rejects(
    gather(readLines(inChunks(Buffer.from('ok\n\xff\n', 'latin1')), 'a')),
    /a, byte 3: line 2 is not UTF-8/,
  );
  for (const size of [1, 100])
    await assert.rejects(
      gather(readLines(inChunks(Buffer.from('x\nlonger\n'), size), 'a', 5)),
      /line 2 is longer than 5/,
    );
});

test('a shard of the Pile: several zstd frames, cut inside of lines', () =>
  inFolder(async (folder) => {
    const documents = Array.from({ length: 300 }, (_, i) => ({
      text: `Document ${i}\n${'wörter '.repeat(i)}`,
      meta: { pile_set_name: i % 2 ? 'Pile-CC' : 'Github' },
    }));
    const bytes = Buffer.from(documents.map((d) => JSON.stringify(d)).join('\n'));
    const cut = [0, 1, 777, 778, 100_000, bytes.length];
    const frames = cut.slice(1).map((end, i) => zstdFrame(bytes.subarray(cut[i], end)));
    const path = join(folder, '00.jsonl.zst');
    writeFileSync(path, Buffer.concat(frames));
    const found = await gather(readDocuments(path));
    assert.deepEqual(
      found,
      documents.map(({ text, meta }) => ({ text, set: meta.pile_set_name })),
    );
    writeFileSync(path, zstdFrame(Buffer.from('{"text": "a"}\n\n{"text": 5}\n')));
    await assert.rejects(gather(readDocuments(path)), /00\.jsonl\.zst, byte 15: line 3 has no "text"/);
    writeFileSync(path, Buffer.from('{"text": "a"}\n{"text": \n'));
    await assert.rejects(gather(readDocuments(path)), /byte 14: line 2 is not JSON: "\{\\"text\\": "/);
  }));

const rows = async (text: string, quoting: boolean, size = 3) =>
  (await gather(readTsv(inChunks(Buffer.from(text), size), 'a.tsv', { quoting }))).map((row) => row.fields);

test('TSV: the same file with and without quoting', async () => {
  const text = '1.0\t"a ""b"" c"\td "e"\n\r\n0.0\t"x"y\t\n';
  assert.deepEqual(await rows(text, true), [
    ['1.0', 'a "b" c', 'd "e"'],
    ['0.0', 'xy', ''],
  ]);
  assert.deepEqual(await rows(text, false), [
    ['1.0', '"a ""b"" c"', 'd "e"'],
    ['0.0', '"x"y', ''],
  ]);
});

test('TSV: quoted TABs and line ends, all three line ends, no end at the end, empty fields', async () => {
  for (const size of [1, 2, 5, 100]) {
    assert.deepEqual(await rows('a\t"b\tc\r\nd"\r\ne\tf\rg\t', true, size), [
      ['a', 'b\tc\r\nd'],
      ['e', 'f'],
      ['g', ''],
    ]);
    assert.deepEqual(await rows('""\n"é😀"', true, size), [[''], ['é😀']]);
  }
  await assert.rejects(rows('ok\tb\nx\t"never closed\n1\t2\n', true), (error) => {
    assert.ok(error instanceof FormatError);
    assert.equal(error.message, 'a.tsv, byte 5: a quotation mark that is opened in this record is never closed');
    return true;
  });
  const five = readTsv(inChunks(Buffer.from('a\tb\n')), 'a.tsv', { quoting: false, columns: 5 });
  await assert.rejects(gather(five), /byte 0: this record has 2 fields instead of 5/);
  const long = readTsv(inChunks(Buffer.from(`"${'x'.repeat(500)}`)), 'a', { quoting: true, longest: 100 });
  await assert.rejects(gather(long), /a record is longer than 1\d\d bytes/);
});

test('an fMRI tar: one run of pickled arrays; what is missing is named', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'run.tar');
    const key = 'ds-ds000001_sub-01_task-x_run-1';
    const bold = { path: `${key}.bold.pyd`, bytes: unhex(pickles.array4) };
    const time = { path: `${key}.t_r.pyd`, bytes: unhex(pickles.scalar4) };
    writeFileSync(path, writeTar([bold, time]));
    assert.deepEqual(await readFmriTar(path), [
      {
        key,
        bold: { values: Float32Array.of(0, 1, 2, 3, 4, 5), time: 2, networks: 3 },
        repetitionTime: 2,
        label: null,
      },
    ]);
    const label = { path: `${key}.task_label.pyd`, bytes: unhex('80044b072e') };
    writeFileSync(path, writeTar([bold, time, label]));
    assert.equal((await readFmriTar(path))[0].label, 7);
    writeFileSync(path, writeTar([bold]));
    await assert.rejects(readFmriTar(path), /has no "t_r" that is a number/);
    writeFileSync(path, writeTar([{ ...bold, bytes: bold.bytes.subarray(0, 90) }]));
    await assert.rejects(readFmriTar(path), /run\.tar: ds-.*\.bold\.pyd, byte \d+: /);
  }));

test('TSV: any text, however its chunks are cut, with and without quoting', async () => {
  const alphabet = ['a', 'bc', '"', '""', '\t', '\n', '\r\n', '\r', 'é', ' '];
  let seed = 1;
  const next = (n: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 16) % n;
  };
  const read = async (text: string, quoting: boolean, size: number) => {
    try {
      return await rows(text, quoting, size);
    } catch (error) {
      return (error as Error).message;
    }
  };
  for (let i = 0; i < 300; i++) {
    const text = Array.from({ length: next(30) }, () => alphabet[next(alphabet.length)]).join('');
    // Byte by byte no two bytes are ever taken at once.
    for (const quoting of [true, false]) {
      const bytewise = await read(text, quoting, 1);
      for (const size of [2, 7, 1000])
        assert.deepEqual(await read(text, quoting, size), bytewise, JSON.stringify(text));
    }
  }
});
