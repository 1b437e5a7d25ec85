import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chooseData } from './choose.ts';
import { MissingFileError } from './dataset.ts';
import { type DebianProgram, loadDefinition } from './definition.ts';
import { haveProgram, missingIngredient, missingPrograms } from './ingredients.ts';
import { cachedFiles, filesIn, findBelow } from './real-files.ts';

let folder = '';
const previous = process.env.LONGCONV_CACHE;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-choose-'));
});
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const cache = (name: string): string => {
  process.env.LONGCONV_CACHE = join(folder, name);
  return process.env.LONGCONV_CACHE;
};
const task = { real: 'listops', offline: ['listops'] };

test('the published files are found with and without the outer folders of their archive', () => {
  const base = join(folder, 'below');
  mkdirSync(join(base, 'lra_release', 'listops-1000'), { recursive: true });
  const path = 'lra_release/lra_release/listops-1000';
  assert.equal(findBelow(base, path), join(base, 'lra_release', 'listops-1000'));
  assert.equal(findBelow(join(base, 'lra_release'), path), join(base, 'lra_release', 'listops-1000'));
  assert.equal(findBelow(base, 'lra_release/pathfinder32'), null);
});

test('auto takes the published files when they are here, and what is made here otherwise', async () => {
  const root = cache('auto');
  const made = await chooseData('listops', task, 'auto');
  assert.deepEqual([made.definition.id, made.folder], ['listops', null]);
  const files = join(root, 'downloads', 'lra', 'lra_release', 'lra_release', 'listops-1000');
  mkdirSync(files, { recursive: true });
  assert.equal(await cachedFiles(await loadDefinition('listops')), files);
  assert.equal((await chooseData('listops', task, 'auto')).folder, files);
  assert.equal((await chooseData('listops', task, 'offline')).folder, null);
  assert.equal((await chooseData('listops', task, 'real')).folder, files);
});

test('what has begun to arrive is not here yet', async () => {
  const root = cache('begun');
  const put = (...path: string[]) => writeFileSync(join(root, 'downloads', ...path), '');
  const here = async (id: string) => await cachedFiles(await loadDefinition(id));
  for (const id of ['speech-commands', 'pile', 'wikitext-103'])
    mkdirSync(join(root, 'downloads', id), { recursive: true });
  put('speech-commands', 'speech_commands_v0.02.tar.gz.part');
  put('pile', 'val.jsonl');
  put('wikitext-103', 'train-00000-of-00002.parquet');
  for (const id of ['speech-commands-10', 'pile', 'wikitext-103']) assert.equal(await here(id), null, id);
  const speech = { real: 'speech-commands-10', offline: ['listops'] };
  assert.equal((await chooseData('sc', speech, 'auto')).definition.id, 'listops');
  // An archive that is not unpacked is no use to a reader of folders, nor is another archive that was.
  put('speech-commands', 'speech_commands_v0.02.tar.gz');
  mkdirSync(join(root, 'downloads', 'speech-commands', 'speech_commands_test_set_v0.02'));
  assert.equal(await here('speech-commands-10'), null);
  const unpacked = join(root, 'downloads', 'speech-commands', 'speech_commands_v0.02');
  mkdirSync(unpacked);
  assert.equal(await here('speech-commands-10'), unpacked);
  put('pile', 'test.jsonl');
  assert.equal(await here('pile'), join(root, 'downloads', 'pile'));
  put('wikitext-103', 'wikitext-103-raw-v1.zip');
  assert.equal(await here('wikitext-103'), join(root, 'downloads', 'wikitext-103'));
});

test('real fetches what is missing, and says how to get it where nothing is fetched', async () => {
  const root = cache('real');
  await assert.rejects(
    chooseData('listops', task, 'real'),
    (e) => e instanceof MissingFileError && /the files of listops are not here: repro data get lra/.test(e.message),
  );
  const files = join(root, 'downloads', 'lra', 'lra_release', 'listops-1000');
  const chosen = await chooseData('listops', task, 'real', {
    fetch: async ({ id }) => {
      assert.equal(id, 'listops');
      mkdirSync(files, { recursive: true });
    },
  });
  assert.equal(chosen.folder, files);
});

test('a folder of the user may be any of those around the files; names are held to the task', async () => {
  cache('named');
  const at = join(folder, 'mine', 'listops-1000');
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'basic_val.tsv'), '');
  assert.equal((await chooseData('listops', task, join(folder, 'mine'))).folder, at);
  assert.equal((await chooseData('listops', task, at)).folder, at);
  assert.equal(filesIn(join(at, 'basic_val.tsv'), await loadDefinition('listops')), join(at, 'basic_val.tsv'));
  assert.equal((await chooseData('listops', task, 'listops')).folder, null);
  await assert.rejects(chooseData('listops', task, 'pathfinder32'), /pathfinder32 is no data for listops: choose/);
  await assert.rejects(chooseData('listops', task, 'listopz'), /no such folder.*Did you mean "listops"\?/);
});

test('a program that is not installed is named with its package; a folder that is not executable is no program', async () => {
  const program: DebianProgram = { debian: 'espeak-ng', program: 'espeak-nowhere', licence: 'GPL-3' };
  assert.equal(haveProgram(program), false);
  assert.equal(haveProgram({ ...program, program: 'sh' }), true);
  assert.equal(haveProgram({ ...program, program: 'sh' }, ''), false);
  const definition = { ...(await loadDefinition('listops')), id: 'spoken', ingredients: [program] };
  assert.equal(
    missingPrograms(definition),
    'spoken is made with espeak-nowhere, not installed here: apt-get install espeak-ng',
  );
  const pin = { npm: 'nothing-of-this-name', version: '1.0.0', integrity: 'sha512-', bytes: 1, licence: 'MIT' };
  assert.match(
    String(missingIngredient({ ...definition, ingredients: [pin] })),
    /spoken is made from nothing-of-this-name@1\.0\.0, not here yet: repro data get spoken/,
  );
});
