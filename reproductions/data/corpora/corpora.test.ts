import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { havePackage, packageFolder } from '../packages/packages.ts';
import { addresses } from './addresses.ts';
import { brownDocuments, brownText } from './brown.ts';
import { bodyOf, keyModulo, keyOf, messageGroups, messages } from './messages.ts';
import { brownPackage, spamAssassinPackage, stdlibDatasets } from './packages.ts';

let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'longconv-corpora-'));
});
after(() => rmSync(root, { recursive: true }));

function folderOf(name: string, files: Record<string, string>): string {
  const folder = join(root, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

test('Brown: words without tags, sentences by lines, paragraphs by empty lines', () => {
  const folder = folderOf('brown', {
    'cats.txt': 'ca02 news\nca01 news\n',
    ca01: '\n\n\tThe/at cost/nn is/bez 1/2/cd ./.\nOr/cc //in ?/.\n\n\n\t``/`` No/at ./.\n\n',
    ca02: 'One/cd\r\n',
  });
  const [first, second] = brownDocuments(folder);
  assert.deepEqual(first, {
    ...{ id: 'ca01', category: 'news' },
    paragraphs: [
      [
        ['The', 'cost', 'is', '1/2', '.'],
        ['Or', '/', '?'],
      ],
      [['``', 'No', '.']],
    ],
  });
  assert.equal(brownText(first), 'The cost is 1/2 . Or / ? `` No .');
  assert.deepEqual(second.paragraphs, [[['One']]]);
  const bad = (files: Record<string, string>, name: string) => () => brownDocuments(folderOf(name, files));
  assert.throws(bad({ 'cats.txt': 'ca01 news\n', ca01: 'The/at tail\n' }, 'b1'), /ca01: "tail" is not word\/tag/);
  assert.throws(bad({ 'cats.txt': 'ca01\n' }, 'b2'), /cats\.txt: "ca01" is not "<file> <category>"/);
  assert.throws(bad({ 'cats.txt': '../x news\n' }, 'b3'), /is not "<file> <category>"/);
  assert.throws(bad({ 'cats.txt': 'ca01 news\n' }, 'b4'), /ca01 is not there, but cats\.txt/);
  assert.throws(() => brownDocuments(root), /is no folder of the Brown corpus/);
});

test('addresses: in the order of their files', () => {
  const record = (year: number) => JSON.stringify({ year, name: 'A', party: 'none', text: `In ${year}` });
  const folder = folderOf('sotu', {
    'sotu/data/1961_b_d.json': record(1961),
    'sotu/data/1790_a_n.json': record(1790),
    'sotu/data/1790_a_n.txt': 'no',
  });
  assert.deepEqual(addresses(folder), [
    { id: '1790_a_n', year: 1790, name: 'A', party: 'none', text: 'In 1790' },
    { id: '1961_b_d', year: 1961, name: 'A', party: 'none', text: 'In 1961' },
  ]);
  writeFileSync(join(folder, 'sotu/data/1800_c.json'), '{"year": "1800"}');
  assert.throws(() => addresses(folder), /1800_c\.json: it has no "year" that is a number/);
  assert.throws(() => addresses(root), /has no addresses/);
});

test('message bodies: after the first empty line, trimmed as Python does', () => {
  assert.equal(bodyOf('Subject: a\nTo: b\n\n\x1c\u0085 one\n\ntwo\u00a0\n'), 'one\n\ntwo');
  assert.equal(bodyOf('Subject: a\r\n\r\n\ufeffone'), '\ufeffone');
  assert.equal(bodyOf(' no headers '), 'no headers');
});

test('message keys: SHA-1 of 2,000 code points in lower case with single spaces', () => {
  const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');
  assert.equal(keyOf('One\n\t TWO\x1fthree'), sha1('one two three'));
  assert.equal(keyOf('😀'.repeat(2500)), sha1('😀'.repeat(2000)));
  assert.equal(keyOf(`${'a \n'.repeat(1500)}b`), sha1('a '.repeat(1000)));
  // 0x...ff = 255 modulo 100; all 160 bits count: 2^156 = 36 modulo 100.
  assert.equal(keyModulo(`${'0'.repeat(38)}ff`, 100), 55);
  assert.equal(keyModulo(`1${'0'.repeat(39)}`, 100), 36);
});

test('messages: short ones and copies left out, spam by the group', () => {
  const files: Record<string, string> = {};
  const put = (group: string, id: string, body: string) => {
    files[`data/${group}/${id}.0.json`] = JSON.stringify({ id, group, text: `Subject: ${id}\n\n${body}\n` });
    files[`data/${group}/${id}.0.txt`] = 'no';
  };
  for (const group of messageGroups) put(group, '00001', `The body that belongs to ${group}`);
  put('easy-ham-1', '00002', 'nineteen characters');
  put('spam-1', '00002', 'THE  body that\nbelongs to Easy-Ham-1');
  const found = messages(folderOf('mail', files));
  assert.deepEqual(
    found.map(({ group, spam }) => `${group} ${spam}`),
    ['easy-ham-1 false', 'easy-ham-2 false', 'hard-ham-1 false', 'spam-1 true', 'spam-2 true'],
  );
  assert.throws(() => messages(root), /easy-ham-1 has no messages/);
});

test('the packages, where they are here, have what was measured in them', (t) => {
  const lacking = [brownPackage, stdlibDatasets, spamAssassinPackage].filter((pin) => !havePackage(pin));
  if (lacking.length) return t.skip(`${lacking.map(({ npm }) => npm).join(', ')} not in the cache`);
  const brown = brownDocuments(packageFolder(brownPackage, 'test'));
  assert.equal(brown.length, 500);
  assert.equal(new Set(brown.map(({ category }) => category)).size, 15);
  assert.equal(
    brown.reduce((n, { paragraphs }) => n + paragraphs.length, 0),
    15_667,
  );
  assert.equal(
    brown.reduce((n, { paragraphs }) => n + paragraphs.flat(2).length, 0),
    1_161_192,
  );
  const speeches = addresses(packageFolder(stdlibDatasets, 'test'));
  assert.equal(speeches.length, 233);
  assert.equal(
    speeches.reduce((n, { text }) => n + text.length, 0),
    10_759_831,
  );
});
