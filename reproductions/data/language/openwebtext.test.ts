import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { holds } from '../comparison.ts';
import { writeTar } from '../formats/tar-write.ts';
import { NumpyGenerator } from './numpy-generator.ts';
import { openOpenWebText } from './openwebtext.ts';
import { cleaned } from './openwebtext-files.ts';
import { cut, testPlace, windows } from './test-corpus.ts';

const place = testPlace();
const hasXz = spawnSync('xz', ['--version']).status === 0;
const skip = !hasXz && 'needs xz';
const xz = (bytes: Uint8Array): Buffer => spawnSync('xz', ['-c', '-1'], { input: bytes, maxBuffer: 1 << 26 }).stdout;

const names = Array.from({ length: 40 }, (_, i) => `urlsf_subset0${i % 2}-${i + 1}_data.xz`);
const texts = (archive: string) =>
  [2, 0, 1].map((k) => ({ path: `000${k}-${k}.txt`, text: `  ${archive} ab ${k}\r\n\n\n\nabc st\n` }));
const clean = (archive: string, k: number) => `${archive} ab ${k}\n\nabc st`;
const inner = (archive: string): Buffer =>
  xz(
    writeTar([
      ...texts(archive).map(({ path, text }) => ({ path, bytes: Buffer.from(text) })),
      { path: 'read-me.md', bytes: Buffer.from('no text') },
    ]),
  );
const few = names.slice(0, 12);
const archives = hasXz ? new Map(few.map((name) => [name, inner(name)])) : new Map<string, Buffer>();

/** Documents by the names of archives and files, then by numpy's permutation. */
function expected(which: readonly string[]): { train: string[]; validation: string[] } {
  const all = which.toSorted().flatMap((name) => [0, 1, 2].map((k) => clean(name, k)));
  const order = [...new NumpyGenerator(2357).permutation(all.length)].map((i) => all[i]);
  const held = Math.ceil(all.length * 0.0005);
  return { train: order.slice(held), validation: order.slice(0, held) };
}
const open = (folder: string, more = {}) => openOpenWebText({ folder, length: 6, ranks: place.ranks, ...more });

test('an archive of archives: the order of names, the split by numpy, test = validation', { skip }, async () => {
  const tar = writeTar(
    few.toReversed().map((name) => ({ path: `openwebtext/${name}`, bytes: archives.get(name) as Buffer })),
  );
  const data = await open(place.folder('zenodo', { 'openwebtext.tar.xz': xz(tar) }));
  const { train, validation } = expected(few);
  assert.deepEqual(windows(data, 'train'), cut(place.tokens(train, true), 6));
  assert.deepEqual(windows(data, 'validation'), cut(place.tokens(validation, true), 6));
  assert.deepEqual(windows(data, 'test'), windows(data, 'validation'));
  assert.equal(data.packed.train.documents, 35);
  assert.equal(data.packed.validation.bytes, Buffer.byteLength(validation.join('')));
  assert.ok(!existsSync(`${data.folder}.documents`));
  data.close?.();
});

test('archives in a folder, and in the tars of Hugging Face, give the same', { skip }, async () => {
  const whole = await open(join(place.root, 'zenodo'));
  const tarOf = (k: number) =>
    writeTar(
      few
        .filter((_, i) => i % 2 === k)
        .map((name) => ({ path: `openwebtext/${name}`, bytes: archives.get(name) as Buffer })),
    );
  for (const folder of [
    place.folder('plain', Object.fromEntries(few.map((name) => [`openwebtext/${name}`, archives.get(name) as Buffer]))),
    place.folder('hub', { 'subsets/urlsf_subset00.tar': tarOf(0), 'subsets/urlsf_subset01.tar': tarOf(1) }),
    join(place.root, 'zenodo', 'openwebtext.tar.xz'),
  ]) {
    const data = await open(folder, { workers: 1 });
    assert.deepEqual([data.checksum, data.packed], [whole.checksum, whole.packed]);
    data.close?.();
  }
  await assert.rejects(open(place.folder('none', { x: '' })), { name: 'MissingFileError' });
  await assert.rejects(openOpenWebText({}), { name: 'MissingFileError' });
  whole.close?.();
});

test('stopped on the way, archives that are finished are not read again', { skip }, async () => {
  // 40 archives: one group is finished when the second one turns out to be damaged.
  const many = names;
  const files = Object.fromEntries(many.map((name) => [name, inner(name)]));
  const folder = place.folder('stopped', files);
  const sorted = many.toSorted();
  /** Other content of the same size and date. */
  const replace = (name: string, bytes: Uint8Array) => {
    const { atime, mtime } = statSync(join(folder, name));
    writeFileSync(join(folder, name), bytes);
    utimesSync(join(folder, name), atime, mtime);
  };
  const nonsense = (name: string) => new Uint8Array(files[name].length);
  for (const name of many) utimesSync(join(folder, name), 1e9, 1e9);
  replace(sorted[39], nonsense(sorted[39]));
  await assert.rejects(open(folder), { name: 'FormatError' });
  replace(sorted[39], files[sorted[39]]);
  // Of the first group nothing is left to read.
  for (const name of sorted.slice(0, 32)) replace(name, nonsense(name));
  const data = await open(folder);
  const { train } = expected(many);
  assert.deepEqual(windows(data, 'train'), cut(place.tokens(train, true), 6));
  assert.ok(!readdirSync(join(place.root, 'cache', 'openwebtext')).some((name) => /packing|documents/.test(name)));
  data.close?.();
});

test('texts as the reference reads them', () => {
  assert.equal(cleaned(' \u0085\ta\r\nb\r\r\r\rc \n\n\n\n\n d\u001c\n'), 'a\nb\n\nc \n\n d');
  assert.equal(cleaned('\ufeffa'), '\ufeffa');
  assert.equal(cleaned(' \n'), '');
});

test('what is known of the real corpus does not hold for another one', { skip }, async () => {
  const { rows } = await import('./openwebtext-verify.ts').then(({ verifyOpenWebText }) =>
    verifyOpenWebText({ from: join(place.root, 'zenodo'), ranks: place.ranks }),
  );
  assert.ok(rows.filter((row) => !holds(row)).length >= 4);
});
