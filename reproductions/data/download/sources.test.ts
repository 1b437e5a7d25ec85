import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSource, sourceIds } from './source.ts';

test('every source is whole: its id is its file name, addresses parse, checksums have their form', async () => {
  const ids = sourceIds();
  for (const id of ['lra', 'imdb', 'cifar-10', 'speech-commands', 'wikitext-103', 'openwebtext', 'pile', 'fmri'])
    assert.ok(ids.includes(id), id);
  for (const id of ids) {
    const source = await loadSource(id);
    assert.equal(source.id, id);
    assert.ok(source.advice && source.cite && source.licence.value);
    const names = source.files.map((file) => file.name);
    assert.equal(new Set(names).size, names.length, `${id}: each name once`);
    for (const group of source.usual)
      assert.ok(
        source.files.some((file) => file.group === group),
        `${id}: ${group}`,
      );
    for (const file of source.files) {
      assert.match(file.name, /^[\w.-]+$/);
      assert.ok(file.urls.length > 0);
      for (const { value, from } of file.urls) {
        assert.match(new URL(value).protocol, /^https?:$/);
        assert.ok(from);
      }
      if (file.sha256) assert.match(file.sha256.value, /^[0-9a-f]{64}$/);
      if (file.md5) assert.match(file.md5.value, /^[0-9a-f]{32}$/);
      if (file.bytes) assert.ok(Number.isSafeInteger(file.bytes.value) && file.bytes.value > 0);
      // A size or a checksum from memory would refuse the right file: only what was read in a source is one.
      for (const fact of [file.bytes, file.sha256, file.md5]) assert.ok(!fact?.memory, `${id} ${file.name}`);
      assert.ok(file.contents.from);
    }
  }
});

test('the sizes and checksums that are published', async () => {
  const facts = async (id: string, i = 0) => {
    const { bytes, sha256 } = (await loadSource(id)).files[i];
    return [bytes?.value, sha256?.value.slice(0, 8)];
  };
  assert.deepEqual(await facts('imdb'), [84125825, 'c40f74a1']);
  assert.deepEqual(await facts('cifar-10'), [170052171, 'c4a38c50']);
  assert.deepEqual(await facts('speech-commands'), [2428923189, 'af14739e']);
  assert.deepEqual(await facts('wikitext-103'), [191984949, '91c00ae2']);
  assert.deepEqual(await facts('openwebtext'), [12880027468, '9fe39d15']);
  assert.equal((await loadSource('pile')).files.filter((file) => file.group === 'train').length, 30);
});
