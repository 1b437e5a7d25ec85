import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Draws } from '../draws.ts';
import { havePackage } from '../packages/packages.ts';
import { Bpe } from './bpe.ts';
import { gpt2Ranks, gptTokenizer, Merges, mergeShort, readVocabulary, vocabularyOf } from './gpt2-vocabulary.ts';
import { mergeLong } from './merge-long.ts';
import { smallVocabulary } from './small-vocabulary.ts';
import { letter, number, space, unicodeClasses } from './unicode-classes.ts';

/** Strings that tokenizers get wrong, with the ids of gpt-tokenizer 4.0.0 and js-tiktoken 1.0.21, which agree. */
const hard: [string, number[]][] = [
  ['hello world', [31373, 995]],
  [
    "I'll say it's they've 'Tis DON'T we're 'd",
    [40, 1183, 910, 340, 338, 484, 1053, 705, 51, 271, 23917, 6, 51, 356, 821, 705, 67],
  ],
  [
    'emoji 😀👨\u200d👩\u200d👧 🇫🇷',
    [
      ...[368, 31370, 30325, 222, 41840, 101, 447, 235, 41840, 102, 447, 235, 41840, 100, 12520, 229, 104, 8582],
      ...[229, 115],
    ],
  ],
  [
    '日本語のテキスト 中文，한국어',
    [
      ...[33768, 98, 17312, 105, 45739, 252, 5641, 24336, 25084, 43302, 220, 40792, 23877, 229, 171, 120, 234],
      ...[47991, 250, 166, 113, 255, 168, 244, 112],
    ],
  ],
  ['no\u00a0break\u00a0 space', [3919, 1849, 9032, 1849, 2272]],
  ['line\r\nline\r\n\r\n end', [1370, 201, 198, 1370, 201, 198, 201, 198, 886]],
  [
    '   three   spaces    before\t\ttabs  ',
    [220, 220, 1115, 220, 220, 9029, 220, 220, 220, 878, 197, 197, 8658, 82, 220, 220],
  ],
  ['\n\n\n a\n', [628, 198, 257, 198]],
  ['3.14159 1,000,000 ½ Ⅷ ٣', [18, 13, 1415, 19707, 352, 11, 830, 11, 830, 25208, 2343, 227, 100, 18923, 96]],
  ['naïve façade — “quotes” …', [2616, 38776, 24685, 16175, 671, 851, 564, 250, 421, 6421, 447, 251, 3926]],
  ['<|endoftext|>', [27, 91, 437, 1659, 5239, 91, 29]],
  [' ', [220]],
  ['', []],
  [' Robert Boulter = \n', [5199, 347, 2852, 353, 796, 220, 198]],
];

test('GPT-2: hard strings, there and back', { skip: !havePackage(gptTokenizer) && 'needs gpt-tokenizer' }, () => {
  const bpe = new Bpe(readVocabulary(gpt2Ranks('wikitext-103')));
  for (const [text, ids] of hard) {
    assert.deepEqual([...bpe.encode(text)], ids, JSON.stringify(text));
    assert.equal(bpe.decode(ids), text);
  }
  // The same word many times comes from memory; a word of 20,000 letters goes the other way round.
  const word = 'antidisestablishmentarianism';
  const once = [...bpe.encode(` ${word}`)];
  assert.deepEqual([...bpe.encode(` ${word}`.repeat(3))], [...once, ...once, ...once]);
  assert.equal(bpe.decode(bpe.encode(word.repeat(1000))), word.repeat(1000));
});

test('a file that is not the published one is refused; one that is not there is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longconv-bpe-'));
  const path = join(folder, 'r50k_base.tiktoken');
  assert.throws(() => readVocabulary({ file: path, sha256: '' }), { name: 'MissingFileError' });
  writeFileSync(path, 'IQ== 0\n');
  assert.throws(() => readVocabulary({ file: path, sha256: '00' }), { name: 'FormatError' });
  rmSync(folder, { recursive: true });
});

/** GPT-2's own way: its pattern, then the earliest merge of any pair, all over the word, until there is none. */
const pattern =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
function plain(text: string, tokens: readonly Uint8Array[]): number[] {
  const ids = new Map(tokens.map((token, id) => [Buffer.from(token).toString('hex'), id]));
  return (text.match(pattern) ?? []).flatMap((piece) => {
    let parts = [...Buffer.from(piece)].map((byte) => Buffer.from([byte]).toString('hex'));
    for (;;) {
      const pairs = parts.slice(1).map((right, i) => ids.get(parts[i] + right) ?? Number.POSITIVE_INFINITY);
      const best = Math.min(...pairs, Number.POSITIVE_INFINITY);
      if (best === Number.POSITIVE_INFINITY) return parts.map((part) => ids.get(part)!);
      const merged: string[] = [];
      for (let i = 0; i < parts.length; i++)
        if (i + 1 < parts.length && ids.get(parts[i] + parts[i + 1]) === best) merged.push(parts[i] + parts[++i]);
        else merged.push(parts[i]);
      parts = merged;
    }
  });
}

test('any text: the pieces and merges of the plain way', () => {
  const tokens = smallVocabulary();
  const bpe = new Bpe(vocabularyOf(tokens, 'small'));
  const draws = new Draws(1, 'bpe test');
  const alphabet = [..."  \n\r\t\u00a0\u0085\ufeff'''stremvldaaabbcé日本½٣12.,;(<|\u{1F600}\u200d\u{10FFFF}"];
  for (let sample = 0; sample < 1500; sample++) {
    draws.start(sample);
    const n = draws.integer(sample % 50 === 0 ? 400 : 30);
    const text = Array.from({ length: n }, () => alphabet[draws.integer(alphabet.length)]).join('');
    assert.deepEqual([...bpe.encode(text)], plain(text, tokens), JSON.stringify(text));
  }
});

test('long words: the same merges in another order of work', () => {
  const { merges, ofByte } = vocabularyOf(smallVocabulary(), 'small');
  const draws = new Draws(2, 'bpe test');
  for (let sample = 0; sample < 500; sample++) {
    draws.start(sample);
    const word = Uint16Array.from({ length: 1 + draws.integer(120) }, () => ofByte[97 + draws.integer(3)]);
    const other = word.slice();
    const n = mergeShort(word, word.length, merges);
    assert.equal(mergeLong(other, other.length, merges), n);
    assert.deepEqual(other.subarray(0, n), word.subarray(0, n));
  }
  assert.equal(new Merges(4).get(1, 2), Merges.none);
});

test('a vocabulary that no merges can have made is refused', () => {
  const bytes = Array.from({ length: 256 }, (_, i) => Uint8Array.of(i));
  assert.throws(() => vocabularyOf([...bytes, Buffer.from('abc')], 'x'), { name: 'FormatError' });
});

test('letters, numbers and white space: as Unicode 14 has them, also for a runtime that knows more', () => {
  const classes = unicodeClasses();
  let differ = 0;
  for (let code = 0; code < 0x30000; code++) {
    const text = String.fromCodePoint(code);
    const here = /\p{L}/u.test(text)
      ? letter
      : /\p{N}/u.test(text)
        ? number
        : /\p{White_Space}/u.test(text)
          ? space
          : 0;
    if (here !== classes[code]) differ++;
  }
  // Only what has been added since 14.0 may differ: 9,000 characters by Unicode 17.
  assert.ok(differ < 12_000, `${differ} characters`);
  assert.equal(classes.filter((c) => c === letter).length, 131_756);
  assert.equal(classes.filter((c) => c === number).length, 1_791);
  assert.equal(classes.filter((c) => c === space).length, 25);
});
