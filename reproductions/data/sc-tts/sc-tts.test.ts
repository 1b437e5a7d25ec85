import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { moments } from '../comparison.ts';
import { splitNames } from '../dataset.ts';
import { loadDefinition } from '../definition.ts';
import { speakerOf, splitOf } from '../speech-commands/name-hash.ts';
import { CLIP, words10, words35 } from '../speech-commands/words.ts';
import { accents, espeakEngine, SPEAKERS, speakEspeak, variants, voiceOf } from './espeak.ts';
import { fliteVoices, speakFlite } from './flite.ts';
import { openTts, reopenTts, type TtsOptions } from './open.ts';
import { fullSizes, planFlite, planSplit, speakerHash } from './plan.ts';
import { verifyTts } from './verify.ts';

const has = (program: string) => !spawnSync(program, ['--version']).error;
const espeak = has('espeak-ng') ? {} : { skip: 'espeak-ng is not installed' };
const both = has('espeak-ng') && has('flite') ? {} : { skip: 'espeak-ng and flite are not both installed' };

let folder = '';
const previous = process.env.LONGCONV_CACHE;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-tts-'));
  process.env.LONGCONV_CACHE = folder;
});
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const sizes = { train: 20, validation: 5, test: 5 };
const open = (options: TtsOptions = {}) => openTts(10, { sizes, ...options });

test('the plan: every word by every speaker once, speakers in one split only', () => {
  assert.equal(SPEAKERS, 693);
  const names = new Map<string, string>();
  for (const count of [35, 10] as const) {
    const all = splitNames.flatMap((split) =>
      planSplit(count, split).map((clip) => {
        const speaker = speakerOf(clip.name);
        assert.equal(splitOf(clip.name), split);
        assert.equal(names.get(speaker) ?? split, split);
        assert.match(clip.name, /^[a-z]+\/[0-9a-f]{8}_nohash_\d\.wav$/);
        names.set(speaker, split);
        return clip;
      }),
    );
    assert.equal(all.length, count === 35 ? 35 * 693 : 20 * 693);
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    assert.equal(new Set(all.map(({ sample }) => sample)).size, all.length);
    const sizes = fullSizes(count);
    for (const split of ['validation', 'test'] as const) assert.ok(Math.abs(sizes[split] / all.length - 0.1) < 0.02);
    for (const { word, label } of all) assert.equal((count === 35 ? words35 : words10)[label], word);
  }
  assert.equal(names.size, 693);
  const start = planSplit(35, 'train').slice(0, 350);
  assert.ok(new Set(start.map(({ word }) => word)).size === 35, 'the beginning has all words');
  assert.equal(planFlite(35).length, 5 * 4 * 35);
});

test('a program that is not there is asked for in one sentence', async () => {
  const path = process.env.PATH;
  process.env.PATH = folder;
  try {
    await assert.rejects(async () => speakFlite('yes', 'slt', null), {
      name: 'MissingToolError',
      message: /flite is not installed.*apt-get install espeak-ng flite/,
    });
    assert.throws(() => speakEspeak('yes', 0, { speed: 150, pitch: 50 }), /apt-get install espeak-ng flite/);
  } finally {
    process.env.PATH = path;
  }
});

test('wrong options are refused', async () => {
  await assert.rejects(open({ folder }), /has no files/);
  await assert.rejects(open({ test: 'human' as 'flite' }), /spoken by human; it can be espeak or flite/);
  await assert.rejects(open({ rate: 4 as 2 }), /rate is 4/);
});

test('every accent hears its variant, and no two speakers sound alike', espeak, () => {
  espeakEngine();
  const of = (speaker: number) => {
    const { rate, x } = speakEspeak('marvin', speaker, { speed: 160, pitch: 50 });
    assert.equal(rate, 22050);
    return `${x.length} ${moments(x).sd} ${x[5000]}`;
  };
  // Every third variant, and all that come from the same synthesis.
  const some = variants.map((_, v) => v).filter((v) => v % 3 === 0 || variants[v].startsWith('klatt'));
  const american = some.map((v) => of(v * accents.length));
  assert.equal(new Set(american).size, some.length);
  const others = accents.flatMap((_, a) => [of(a), of(accents.length * 45 + a)]);
  assert.equal(new Set(others).size, 2 * accents.length);
  assert.match(voiceOf(1), /^gmw\/en\+Alex$/);
});

test('a small set: one second each, standardised, the same whoever makes it', espeak, async () => {
  const data = await open({ workers: 2 });
  assert.deepEqual([data.kind, data.classes, data.length, data.sizes], ['stand-in:sc-tts10', 10, CLIP, sizes]);
  assert.match(data.description, /spoken by espeak-ng 1\.\d+ \(693 voices, seed 0, 20 \/ 5 \/ 5 clips\)/);
  const { x, targets } = data.batch(
    'train',
    Array.from({ length: 20 }, (_, i) => i),
  );
  const { mean, sd } = moments(x);
  assert.ok(Math.abs(mean) < 1e-3 && Math.abs(sd - 1) < 2e-3);
  for (let i = 0; i < 20; i++) {
    const peak = Math.max(...data.samples('train', i).map(Math.abs)) / 32768;
    assert.ok(peak > 0.19 && peak < 1);
    assert.equal(words10[targets[i]], data.nameOf('train', i).split('/')[0]);
  }
  process.env.LONGCONV_CACHE = join(folder, 'again');
  const again = await open({ workers: 1 });
  assert.equal(again.checksum, data.checksum);
  process.env.LONGCONV_CACHE = folder;
  let calls = 0;
  const cached = await open({ progress: () => calls++ });
  assert.deepEqual([calls, cached.checksum], [0, data.checksum]);
  const reopened = await reopenTts(data.reopen.settings as Parameters<typeof reopenTts>[0]);
  assert.equal(reopened.checksum, data.checksum);
  const half = await open({ rate: 2 });
  assert.deepEqual(
    [...half.batch('test', [3]).x],
    [...data.batch('test', [3]).x].filter((_, i) => i % 2 === 0),
  );
  const other = await open({ seed: 1, sizes: { train: 4, validation: 1, test: 1 } });
  assert.notEqual(other.checksum, data.checksum);
});

test('flite: four voices that none of the training clips has', both, async () => {
  const data = await open({ test: 'flite', sizes: { train: 20, validation: 5, test: 20 } });
  assert.match(data.description, /tested on 4 voices of flite/);
  const voices = new Set(fliteVoices.map((voice) => speakerHash(`flite+${voice}`)));
  assert.equal(voices.size, 4);
  for (let i = 0; i < 20; i++) assert.ok(voices.has(speakerOf(data.nameOf('test', i))));
  assert.deepEqual(data.labelCounts('test'), new Array(10).fill(2));
  assert.ok(moments(data.samples('test', 7)).sd > 300);
});

test('verify: the rule of the split, speakers apart, the same a second time', espeak, async () => {
  const { rows, what } = await verifyTts(10, {}, { train: 20, validation: 5, test: 5, again: 4 });
  assert.match(what, /20 \/ 5 \/ 5 clips/);
  const judged = rows.filter(({ limit }) => limit !== null);
  assert.deepEqual(
    judged.map(({ here, reference }) => [here, reference]),
    [
      [0, 0],
      [0, 0],
      [693, 693],
      [0, 0],
    ],
  );
  const median = rows.find(({ quantity }) => quantity.startsWith('trimmed duration, median'));
  assert.ok(Number(median?.here) > 0.2 && Number(median?.here) < 0.6);
});

test('the definitions', espeak, async () => {
  for (const count of [35, 10]) {
    const definition = await loadDefinition(`sc-tts${count}`);
    assert.deepEqual([definition.made, definition.realFolder], [`stand-in:sc-tts${count}`, null]);
    assert.equal(definition.ingredients.length, 2);
    const data = await definition.open({ sizes: { train: 4, validation: 2, test: 2 } });
    assert.deepEqual([data.id, data.sizes.train], [definition.id, 4]);
    data.close?.();
  }
  await assert.rejects((await loadDefinition('sc-tts10')).verify({ from: folder }), /leave --from out/);
});
