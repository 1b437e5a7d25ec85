import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { holds } from '../comparison.ts';
import { type SplitName, splitNames } from '../dataset.ts';
import { loadDefinition } from '../definition.ts';
import { writeWav } from '../formats/wav.ts';
import { randperm } from '../torch/permutation.ts';
import { stratifiedSplit } from '../torch/stratified-split.ts';
import type { SpeechClips } from './clips.ts';
import { DROP_SEED, drawMasks } from './dropped.ts';
import { splitOf } from './name-hash.ts';
import { openSpeechCommands, reopenSpeechCommands, type SpeechOptions } from './open.ts';
import { lengthOf, type SmallArchive, sampleOf, speakerName, writeSmallArchive } from './small-archive.ts';
import { verifySpeechCommands } from './verify.ts';
import { CLIP, words10, words35 } from './words.ts';

const SPEAKERS = 20;
let folder = '';
let archive: SmallArchive;
const previous = process.env.LONGCONV_CACHE;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-speech-'));
  process.env.LONGCONV_CACHE = join(folder, 'cache');
  archive = writeSmallArchive(join(folder, 'archive'), words35, SPEAKERS);
});
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const open = (count: 35 | 10, options: SpeechOptions = {}): Promise<SpeechClips> =>
  openSpeechCommands(count, { folder: archive.folder, workers: 1, ...options });
const everything = (data: SpeechClips, split: SplitName) =>
  data.batch(
    split,
    Array.from({ length: data.sizes[split] }, (_, i) => i),
  );
const partsOf = (name: string): [word: string, speaker: number] => {
  const speakers = Array.from({ length: SPEAKERS }, (_, s) => speakerName(s));
  return [name.split('/')[0], speakers.indexOf(name.slice(name.indexOf('/') + 1).split('_')[0])];
};
const expected = (name: string): number[] => {
  const [word, s] = partsOf(name);
  const w = words35.indexOf(word);
  return Array.from({ length: CLIP }, (_, i) => (i < lengthOf(s) ? sampleOf(w, s, i) : 0));
};
const momentsOf = (values: ArrayLike<number>) => {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  let square = 0;
  for (let i = 0; i < n; i++) square += (values[i] - mean) ** 2;
  return { mean, sd: Math.sqrt(square / (n - 1)) };
};

test('35 words: the order of the classes, the list files, zeros after the end', async () => {
  assert.equal(words35.length, 35);
  assert.deepEqual([words35[0], words35[16], words35[17], words35[34]], ['bed', 'yes', 'backward', 'zero']);
  const data = await open(35);
  assert.deepEqual([data.kind, data.length, data.classes, data.input], ['real', CLIP, 35, { kind: 'real', dims: 1 }]);
  const names = splitNames.flatMap((split) =>
    Array.from({ length: data.sizes[split] }, (_, i) => {
      const name = data.nameOf(split, i);
      assert.equal(splitOf(name), split);
      assert.equal(words35[data.label(split, i)], name.split('/')[0]);
      return name;
    }),
  );
  assert.deepEqual(names.sort(), [...archive.names].sort());
  for (const index of [0, 1, 2, 3, 17]) {
    assert.deepEqual([...data.samples('train', index)], expected(data.nameOf('train', index)));
  }
  assert.ok(new Set([...everything(data, 'train').targets].slice(0, 70)).size > 20, 'the beginning has many words');
  data.close();
});

test('one mean and sd of the training clips, for all splits', async () => {
  const data = await open(35);
  const train = momentsOf(
    Array.from({ length: data.sizes.train }, (_, i) => [...data.samples('train', i)].map((s) => s / 32768)).flat(),
  );
  const { x, targets, B, rows, L, lengths } = data.batch('validation', [2, 0]);
  assert.deepEqual([B, rows, L, lengths, x.length], [2, 2, CLIP, null, 2 * CLIP]);
  assert.deepEqual([...targets], [data.label('validation', 2), data.label('validation', 0)]);
  const raw = data.samples('validation', 0);
  for (let i = 0; i < CLIP; i += 97)
    assert.ok(Math.abs(x[CLIP + i] - (raw[i] / 32768 - train.mean) / (train.sd + 1e-5)) < 1e-6);
  const whole = momentsOf(everything(data, 'train').x);
  assert.ok(Math.abs(whole.mean) < 1e-6 && Math.abs(whole.sd - 1) < 1e-3);
  const twice = await open(35, { scale: 'twice' });
  const y = twice.batch('validation', [0]).x;
  const [mean, sd] = [train.mean / 32768, train.sd / 32768];
  for (let i = 0; i < CLIP; i += 97) assert.ok(Math.abs(y[i] - (raw[i] / 2 ** 30 - mean) / (sd + 1e-5)) < 1e-6);
  assert.match(twice.description, /dividing by 2\^15 twice: sd 0\.096/);
  assert.notEqual(twice.checksum, data.checksum);
});

test('step by step, as the reference loader standardises', async () => {
  const data = await open(35, { statistics: 'steps' });
  const { x, B } = everything(data, 'train');
  for (const step of [0, 1, 777, CLIP - 1]) {
    const values = Array.from({ length: B }, (_, b) => data.samples('train', b)[step] / 32768);
    const { mean, sd } = momentsOf(values);
    for (let b = 0; b < B; b += 31) assert.ok(Math.abs(x[b * CLIP + step] - (values[b] - mean) / (sd + 1e-5)) < 1e-5);
  }
  assert.match(data.description, /step by step/);
});

test('every second sample at rate 2', async () => {
  const [full, half] = [await open(35), await open(35, { rate: 2 })];
  assert.equal(half.length, 8000);
  const [x, y] = [full.batch('test', [1]).x, half.batch('test', [1]).x];
  assert.deepEqual(
    [...y],
    [...x].filter((_, i) => i % 2 === 0),
  );
  await assert.rejects(open(35, { rate: 3 as 2 }), /rate is 3; it can be 1 or 2/);
  await assert.rejects(open(35, { scale: 'loud' as 'unit' }), /scale is loud/);
});

test('10 words: whole clips only, 70 / 15 / 15 by word as scikit-learn splits', async () => {
  const data = await open(10);
  const whole = Array.from({ length: SPEAKERS }, (_, s) => lengthOf(s)).filter((n) => n === CLIP).length;
  assert.deepEqual(data.words, words10);
  assert.equal(
    splitNames.reduce((n, split) => n + data.sizes[split], 0),
    10 * whole,
  );
  const loaded = words10.flatMap((word, label) =>
    readdirSync(join(archive.folder, word))
      .sort()
      .map((file) => ({ name: `${word}/${file}`, label }))
      .filter(({ name }) => lengthOf(partsOf(name)[1]) === CLIP),
  );
  const first = stratifiedSplit(
    loaded.map(({ label }) => label),
    { train: 0.7, seed: 0 },
  );
  const second = stratifiedSplit(
    [...first.test].map((i) => loaded[i].label),
    { train: 0.5, seed: 1 },
  );
  const named = (split: SplitName) => Array.from({ length: data.sizes[split] }, (_, i) => data.nameOf(split, i));
  assert.deepEqual(
    named('train'),
    [...first.train].map((i) => loaded[i].name),
  );
  assert.deepEqual(
    named('validation'),
    [...second.train].map((i) => loaded[first.test[i]].name),
  );
  assert.deepEqual(
    named('test'),
    [...second.test].map((i) => loaded[first.test[i]].name),
  );
  for (const count of data.labelCounts('train')) assert.ok(Math.abs(count - 0.7 * whole) < 1);
  assert.equal(words10[data.label('test', 3)], data.nameOf('test', 3).split('/')[0]);
});

test('dropped samples: the first permutation is of a fresh generator, the next go on', async () => {
  const masks = await drawMasks(30, 2);
  const removed = new Set(randperm(CLIP, DROP_SEED).subarray(0, 4800));
  for (let t = 0; t < CLIP; t++) assert.equal((masks[t >> 3] >> (t & 7)) & 1, removed.has(t) ? 0 : 1);
  assert.notDeepEqual([...masks.subarray(0, 2000)], [...masks.subarray(2000)]);
  const data = await open(10, { dropped: 30 });
  assert.deepEqual(data.input, { kind: 'real', dims: 2 });
  const { x } = data.batch('train', [4]);
  let there = 0;
  for (let t = 0; t < CLIP; t++) {
    there += x[2 * t + 1];
    if (!x[2 * t + 1]) assert.equal(x[2 * t], 0);
  }
  assert.equal(there, CLIP - 4800);
  const { x: all } = everything(data, 'train');
  const kept = [...all].filter((_, i) => i % 2 === 0 && all[i + 1] === 1);
  const { mean, sd } = momentsOf(kept);
  assert.ok(Math.abs(mean) < 1e-6 && Math.abs(sd - 1) < 1e-3);
  await assert.rejects(open(35, { dropped: 30 }), /ten words only/);
  await assert.rejects(open(10, { dropped: 100 }), /more than 0 and less than 100/);
});

test('smaller sizes are the beginning; the second time nothing is decoded', async () => {
  let calls = 0;
  const progress = () => calls++;
  const [full, small] = [await open(35), await open(35, { sizes: { train: 40, test: 7 }, progress })];
  assert.equal(calls, 0);
  assert.deepEqual(small.sizes, { train: 40, validation: full.sizes.validation, test: 7 });
  assert.deepEqual(small.batch('train', [39]).x, full.batch('train', [39]).x);
  assert.notEqual(small.checksum, full.checksum);
  assert.throws(() => small.batch('test', [7]), /no sample 7 in test, which has 7/);
  await assert.rejects(open(35, { sizes: { test: 100_000 } }), /test split can have 1 to \d+ clips/);
  const again = await reopenSpeechCommands(small.reopen.settings as Parameters<typeof reopenSpeechCommands>[0]);
  assert.equal(again.checksum, small.checksum);
});

test('neither workers nor an interruption change a sample', async () => {
  const { checksum } = await open(35);
  process.env.LONGCONV_CACHE = join(folder, 'other');
  const controller = new AbortController();
  const stop = () => controller.abort(new Error('stopped'));
  await assert.rejects(open(35, { progress: (done) => done > 200 && stop(), signal: controller.signal }), /stopped/);
  const counts: number[] = [];
  const data = await open(35, { workers: 2, progress: (_, total) => counts.push(total) });
  assert.ok(counts[0] < archive.names.length, 'what was decoded before is not decoded again');
  assert.equal(data.checksum, checksum);
  process.env.LONGCONV_CACHE = join(folder, 'cache');
});

test('a changed file is decoded again; a damaged cache is noticed', async () => {
  const { checksum } = await open(10);
  const path = join(archive.folder, archive.names.find((name) => name.startsWith('yes/')) ?? '');
  const kept = readFileSync(path);
  writeFileSync(path, writeWav({ rate: CLIP, channels: 1, samples: new Int16Array(CLIP).fill(5) }));
  assert.notEqual((await open(10)).checksum, checksum);
  writeFileSync(path, kept);
  const data = await open(10);
  assert.equal(data.checksum, checksum);
  data.close();
  const cache = join(folder, 'cache', 'speech-commands');
  for (const file of readdirSync(cache))
    if (file.startsWith('up-') && file.endsWith('.i16')) {
      const bytes = readFileSync(join(cache, file));
      bytes[0] ^= 1;
      writeFileSync(join(cache, file), bytes);
    }
  const damaged = await open(10);
  assert.throws(
    () => everything(damaged, 'train') && everything(damaged, 'validation') && everything(damaged, 'test'),
    {
      name: 'CorruptFileError',
      message: /up-0-.*\.i16 is corrupt .*remove the file/,
    },
  );
  damaged.close();
  for (const file of readdirSync(cache)) if (file.startsWith('up-') && file.endsWith('.i16')) rmSync(join(cache, file));
  assert.equal((await open(10)).checksum, checksum);
});

test('what is missing or wrong is named', async () => {
  await assert.rejects(openSpeechCommands(35, {}), { name: 'MissingFileError', message: /sc-tts35 stands in/ });
  await assert.rejects(open(35, { folder: join(folder, 'nowhere') }), /nowhere is not a folder/);
  const other = writeSmallArchive(join(folder, 'wrong'), words35, 5).folder;
  rmSync(join(other, 'validation_list.txt'));
  await assert.rejects(open(35, { folder: other }), {
    name: 'MissingFileError',
    message: /validation_list\.txt is not/,
  });
  const file = readdirSync(join(other, 'go'))[0];
  writeFileSync(join(other, 'go', file), writeWav({ rate: 8000, channels: 1, samples: new Int16Array(8000) }));
  for (const workers of [1, 2])
    await assert.rejects(open(10, { folder: other, workers }), {
      name: 'FormatError',
      message: /go\/.*\.wav: 8000 samples a second in 1 channel/,
    });
  rmSync(join(other, 'no'), { recursive: true });
  await assert.rejects(open(10, { folder: other }), /has no folder no\//);
});

test('verify counts, and names what is wrong', async () => {
  const good = await verifySpeechCommands(35, { from: archive.folder, workers: 1 });
  assert.deepEqual(
    good.rows.filter((row) => !holds(row)),
    [],
  );
  assert.deepEqual(good.complaints, []);
  const row = (verified: typeof good, start: string) => verified.rows.find((r) => r.quantity.startsWith(start));
  assert.equal(row(good, 'clips')?.here, archive.names.length);
  assert.equal(row(good, 'clips that the rule')?.here, 1);
  const ten = await verifySpeechCommands(10, { from: archive.folder, workers: 1 });
  assert.deepEqual(
    ten.rows.filter((r) => !holds(r)).map((r) => [r.quantity, r.here, r.reference]),
    [['clips of exactly 16,000 samples', 160, 34_975]],
  );
  const bad = writeSmallArchive(join(folder, 'bad'), words35, 5).folder;
  appendFileSync(join(bad, 'validation_list.txt'), 'go/ffffffff_nohash_0.wav\n');
  rmSync(join(bad, 'zero'), { recursive: true });
  writeFileSync(join(bad, 'go', readdirSync(join(bad, 'go'))[0]), 'not a sound');
  const found = await verifySpeechCommands(35, { from: bad, workers: 1 });
  assert.equal(row(found, 'words of 35')?.here, 1);
  assert.equal(row(found, 'files that are not 16 bits')?.here, 1);
  assert.ok(Number(row(found, 'list entries that do not exist')?.here) >= 1);
  assert.ok(found.complaints.some((line) => line.includes('not a RIFF file')));
  assert.ok(found.complaints.some((line) => line.includes('ffffffff_nohash_0.wav is in a list and not on disk')));
});

test('the definitions', async () => {
  for (const count of [35, 10]) {
    const definition = await loadDefinition(`speech-commands-${count}`);
    assert.deepEqual([definition.made, definition.source], [null, 'speech-commands']);
    const data = await definition.open({ folder: archive.folder, sizes: { train: 20 }, workers: 1 });
    assert.deepEqual([data.id, data.sizes.train], [definition.id, 20]);
    data.close?.();
  }
});

test('MFCC: each coefficient has mean 0 and sd 1 over the training clips', async () => {
  const data = await open(10, { features: 'mfcc' });
  assert.deepEqual([data.length, data.input], [161, { kind: 'real', dims: 20 }]);
  const { x, B, L } = everything(data, 'train');
  assert.deepEqual([x.length, L], [B * 161 * 20, 161]);
  for (const k of [0, 7, 19]) {
    const { mean, sd } = momentsOf(x.filter((_, i) => i % 20 === k));
    assert.ok(Math.abs(mean) < 1e-4 && Math.abs(sd - 1) < 1e-3, `${k}: ${mean} ${sd}`);
  }
  assert.match(data.description, /20 MFCC in 161 steps/);
  assert.notEqual(data.checksum, (await open(10)).checksum);
  await assert.rejects(open(10, { features: 'mfcc', rate: 2 }), /full rate/);
  await assert.rejects(open(10, { features: 'mfcc', dropped: 30 }), /one of the two/);
  await assert.rejects(open(10, { features: 'mel' as 'mfcc' }), /raw or mfcc/);
});

test('baselines: bands of an archive whose words differ in pitch', async () => {
  const data = await open(10);
  const { baselines } = await loadDefinition('speech-commands-10');
  const rows = (await baselines?.(data, {})) ?? [];
  assert.deepEqual(
    rows.map(({ method, metric }) => [method, metric]),
    [
      [`ridge on raw samples (${data.sizes.train} training clips)`, 'accuracy'],
      ['ridge on 24 x 32 log bands, centred', 'accuracy'],
    ],
  );
  assert.ok(rows[1].value > 2 / 10, `${rows[1].value} is no more than chance`);
  for (const { value } of rows) assert.ok(value >= 0 && value <= 1);
});
