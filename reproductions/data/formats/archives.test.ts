import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { unzipSync, zipSync } from 'fflate';
import { decompress } from './decompress.ts';
import { type ExtractOptions, extractTar, extractZip } from './extract.ts';
import { FormatError } from './format-error.ts';
import { inChunks, noise, zipOf } from './samples.ts';
import { readTar } from './tar.ts';
import { writeTar } from './tar-write.ts';
import { openZip } from './zip.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-archives-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const out = (...parts: string[]): string => join(folder, 'out', ...parts);
const list = (at = out()): string[] =>
  existsSync(at)
    ? (readdirSync(at, { recursive: true }) as string[]).map((name) => name.replaceAll('\\', '/')).sort()
    : [];
const extract = (bytes: Uint8Array, options?: ExtractOptions) =>
  extractTar(decompress(inChunks(bytes, 700), 'a.tar'), 'a.tar', out(), options);

/** A one-entry archive whose header is changed, its checksum put right. */
function tarWith(change: (header: Buffer) => void, bytes = Buffer.from('content')): Uint8Array {
  const tar = Buffer.from(writeTar([{ path: 'name', bytes }]));
  change(tar);
  tar.write('        ', 148, 'latin1');
  const sum = tar.subarray(0, 512).reduce((a, b) => a + b, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return tar;
}
const typed = (type: string, name = 'name', link = '') =>
  tarWith((header) => {
    header.fill(0, 0, 100);
    header.write(name, 0);
    header.write(type, 156);
    header.write(link, 157);
  });

test('a .tar.gz is unpacked as a stream, long and non-ASCII names included', async () => {
  const long = `aclImdb/${'deep/'.repeat(30)}0_3.txt`;
  const files = [
    { path: 'aclImdb/train/neg/0_3.txt', bytes: Buffer.from('bad <br />') },
    { path: './aclImdb/train/pos/1_9.txt', bytes: noise(200_000) },
    { path: long, bytes: Buffer.from('deep') },
    { path: 'größe', bytes: new Uint8Array(0) },
  ];
  const done = await extract(gzipSync(writeTar(files)));
  assert.deepEqual(done, { files: 4, bytes: 200_014 });
  for (const { path, bytes } of files) assert.deepEqual(readFileSync(out(path)), Buffer.from(bytes), path);
});

test('archives of GNU tar, in each of its formats', {
  skip: spawnSync('tar', ['--version']).status !== 0,
}, async () => {
  const long = `${'folder-with-a-name/'.repeat(8)}`;
  mkdirSync(join(folder, 'in', long), { recursive: true });
  writeFileSync(join(folder, 'in', long, 'x.bin'), noise(1500));
  writeFileSync(join(folder, 'in', 'y'), 'why');
  for (const format of ['v7', 'oldgnu', 'gnu', 'ustar', 'posix']) {
    const deep = format === 'v7' ? ['y'] : ['.'];
    const tar = execFileSync('tar', [`--format=${format}`, '-cf', '-', '-C', join(folder, 'in'), ...deep]);
    const found = new Map<string, Uint8Array>();
    for await (const entry of readTar(inChunks(tar, 333), 'a.tar'))
      if (entry.kind === 'file') found.set(entry.path.replace(/^\.\//, ''), await entry.bytes());
    assert.equal(Buffer.from(found.get('y')!).toString(), 'why', format);
    if (format !== 'v7') assert.deepEqual(Buffer.from(found.get(`${long}x.bin`)!), Buffer.from(noise(1500)), format);
  }
  // And GNU tar reads what we write.
  writeFileSync(join(folder, 'ours.tar'), writeTar([{ path: `${long}x.bin`, bytes: noise(1500) }]));
  assert.deepEqual(execFileSync('tar', ['-xOf', join(folder, 'ours.tar')]), Buffer.from(noise(1500)));
});

test('nothing leaves the folder: paths that lead out are refused and write nothing', async () => {
  for (const path of ['../evil', 'a/../../evil', '/tmp/evil', '..\\evil', 'a\\..\\evil', 'C:/evil', 'a\nb', '\x1b[2J'])
    await assert.rejects(extract(writeTar([{ path, bytes: Buffer.from('x') }])), (error) => {
      assert.ok(error instanceof FormatError);
      assert.match(error.message, /^a\.tar, byte 0: the entry ".*" is refused: its name /);
      assert.ok(!error.message.includes('\x1b') && !error.message.includes('\n'));
      return true;
    });
  assert.deepEqual(list(), []);
  assert.deepEqual(readdirSync(folder), ['out']);
});

test('links, devices and sparse files are refused', async () => {
  await assert.rejects(extract(typed('2', 'link', '/etc/passwd')), /the entry "link" is a link, which is refused/);
  await assert.rejects(extract(typed('1', 'link', 'name')), /is a link/);
  for (const type of ['3', '4', '6']) await assert.rejects(extract(typed(type)), /neither a file nor a folder/);
  await assert.rejects(extract(typed('S')), /sparse/);
  assert.deepEqual(list(), []);
});

test('a link that stands in the folder already is not written through', async () => {
  mkdirSync(join(folder, 'elsewhere'));
  mkdirSync(out());
  symlinkSync(join(folder, 'elsewhere'), out('a'));
  symlinkSync(join(folder, 'elsewhere', 'file'), out('f'));
  const tar = (path: string) => writeTar([{ path, bytes: Buffer.from('x') }]);
  await assert.rejects(extract(tar('a/b')), /leads out of the folder/);
  await assert.rejects(extract(tar('f')), /there already is something of that name/);
  assert.deepEqual(readdirSync(join(folder, 'elsewhere')), []);
});

test('counts and sizes are bounded, before anything of the entry is written', async () => {
  const tar = writeTar([
    { path: 'a', bytes: noise(600) },
    { path: 'b', bytes: noise(600) },
  ]);
  await assert.rejects(extract(tar, { entries: 1 }), /"b" is one more than the 1 that are allowed/);
  rmSync(out(), { recursive: true });
  await assert.rejects(extract(tar, { fileBytes: 599 }), /"a" has 600 bytes; 599 are allowed/);
  await assert.rejects(extract(tar, { totalBytes: 1000 }), /"b" leads beyond the 1000 bytes/);
  assert.deepEqual(list(), ['a']);
});

test('one name twice, a chosen part, progress, a stop', async () => {
  const files = ['x/1', 'y/2', 'x/3'].map((path) => ({ path, bytes: Buffer.from(path) }));
  await assert.rejects(extract(writeTar([files[0], files[0]])), /there already is something of that name/);
  rmSync(out(), { recursive: true });
  const seen: number[] = [];
  await extract(writeTar(files), { select: (path) => path.startsWith('x/'), progress: (n) => seen.push(n) });
  assert.deepEqual(
    [list(), seen],
    [
      ['x', 'x/1', 'x/3'],
      [1, 2],
    ],
  );
  await assert.rejects(extract(writeTar(files), { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('sizes in binary (GNU) and by pax headers; sizes that are none', async () => {
  const binary = tarWith((header) => {
    header.fill(0, 124, 136);
    header[124] = 0x80;
    header[135] = 7;
  });
  for await (const entry of readTar(inChunks(binary), 'a.tar')) assert.equal(entry.size, 7);
  const huge = tarWith((header) => header.fill(0xff, 124, 136));
  await assert.rejects(extract(huge), /the size of this tar entry is not a number/);
  const long = tarWith((header) => header.write('77777777777', 124));
  await assert.rejects(extract(long), /a\.tar, byte 0: the file ends inside the entry "name"/);
});

test('zip: stored and deflated entries, written by another program and by ours', async () => {
  const files = { 'wikitext-103-raw/wiki.train.raw': noise(100_000), 'empty/': new Uint8Array(0), 'ü.txt': noise(3) };
  for (const level of [0, 9] as const) {
    const path = join(folder, `${level}.zip`);
    writeFileSync(path, zipSync(files, { level }));
    await extractZip(path, out(String(level)));
    assert.deepEqual(readFileSync(out(String(level), 'wikitext-103-raw/wiki.train.raw')), Buffer.from(noise(100_000)));
    assert.deepEqual(readFileSync(out(String(level), 'ü.txt')), Buffer.from(noise(3)));
  }
  const ours = unzipSync(zipOf([{ path: 'a', bytes: noise(9) }]));
  assert.deepEqual(ours.a, noise(9));
});

test('zip: what is refused', async () => {
  const open = (bytes: Uint8Array) => openZip({ bytes, file: 'a.zip' });
  const file = { path: 'a', bytes: noise(50) };
  const changed = (at: number, value: number, from = 0x02014b50) => {
    const zip = Buffer.from(zipOf([file]));
    const start = zip.indexOf(Buffer.from(Uint32Array.of(from).buffer));
    zip.writeUInt16LE(value, start + at);
    return zip;
  };
  await assert.rejects(open(changed(10, 0xffff, 0x06054b50)), /zip64 archives are not supported/);
  await assert.rejects(open(changed(4, 1, 0x06054b50)), /several parts/);
  await assert.rejects(open(changed(8, 1)), /is encrypted/);
  await assert.rejects(open(changed(10, 14)), /compression method 14/);
  await assert.rejects(open(noise(500)), /not a whole zip archive/);
  const wrong = await open(changed(16, 7));
  await assert.rejects(wrong.entries[0].bytes(), /the checksum of the entry "a" does not match/);
  const small = await open(changed(24, 20));
  await assert.rejects(small.entries[0].bytes(), /holds more than its 20 bytes/);
  const path = join(folder, 'link.zip');
  writeFileSync(path, zipOf([{ path: 'l', bytes: Buffer.from('/etc'), mode: 0o120777 }]));
  await assert.rejects(extractZip(path, out()), /is a link, which is refused/);
  writeFileSync(path, zipOf([{ path: '../l', bytes: Buffer.from('x') }]));
  await assert.rejects(extractZip(path, out()), /leads out of the folder/);
  assert.deepEqual(list(), []);
});

test('an ended run is taken up: what agrees stays, what differs is mended, links are not followed', async () => {
  const files = ['same', 'short', 'long', 'other', 'link', 'twin', 'new'].map((path) => ({
    path: `f/${path}`,
    bytes: noise(5000, path.length),
  }));
  const to = out();
  mkdirSync(join(to, 'f'), { recursive: true });
  const put = (path: string, bytes: Uint8Array) => writeFileSync(join(to, 'f', path), bytes);
  put('same', files[0].bytes);
  put('short', files[1].bytes.subarray(0, 4321));
  put('long', Buffer.concat([files[2].bytes, Buffer.from('tail')]));
  put(
    'other',
    Uint8Array.from(files[3].bytes, (byte, i) => (i === 2500 ? byte ^ 1 : byte)),
  );
  const outside = join(folder, 'outside');
  writeFileSync(outside, 'mine');
  symlinkSync(outside, join(to, 'f', 'link'));
  linkSync(outside, join(to, 'f', 'twin'));
  const before = statSync(join(to, 'f', 'same'));
  const source = () => decompress(inChunks(writeTar(files), 700), 'a.tar');
  await extractTar(source(), 'a.tar', to, { resume: true });
  for (const { path, bytes } of files) {
    assert.deepEqual(new Uint8Array(readFileSync(join(to, path))), bytes, path);
    assert.ok(lstatSync(join(to, path)).isFile());
  }
  assert.equal(readFileSync(outside, 'utf8'), 'mine');
  assert.equal(statSync(join(to, 'f', 'same')).mtimeMs, before.mtimeMs);
  // The same name twice in one archive is refused as ever.
  const twice = decompress(inChunks(writeTar([files[0], files[0]])), 'a.tar');
  await assert.rejects(extractTar(twice, 'a.tar', to, { resume: true }), /there already is something of that name/);
});
