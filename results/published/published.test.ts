import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRow, findRows, formatRow, loadPublished, publishedIds, rowConfidence } from './published.ts';
import { claimSchema, type PublishedRow } from './schema.ts';

test('every file follows the schema and carries the id of its name', () => {
  const ids = publishedIds();
  assert.ok(ids.length >= 45, `${ids.length} files`);
  for (const id of ids) assert.equal(loadPublished(id).id, id);
});

test('numbers, failures and recollections are kept apart', () => {
  for (const id of publishedIds())
    for (const row of loadPublished(id).rows) {
      const where = `${id}: ${row.model}, ${row.task}`;
      if (row.failed) assert.equal(row.value, null, where);
      if (row.recall) assert.notEqual(rowConfidence(row), 'confirmed', where);
      if (rowConfidence(row) !== 'confirmed') assert.match(formatRow(row), /\((second hand|from memory)\)$/, where);
      else assert.doesNotMatch(formatRow(row), /hand|memory/, where);
      if (row.unit === 'percent' && row.value !== null) assert.ok(row.value >= -100 && row.value <= 100, where);
    }
});

test('averages of six tasks agree with their rows', () => {
  const tasks = ['ListOps', 'Text', 'Retrieval', 'Image', 'Pathfinder', 'Path-X'];
  let checked = 0;
  for (const { model, value, average } of findRows('lra-accuracy', { task: 'Avg' })) {
    const rows = tasks.map((task) => findRows('lra-accuracy', { model, task })[0]?.value ?? null);
    if (value === null || rows.some((v) => v === null) || /left out|50/.test(average ?? '')) continue;
    const mean = rows.reduce((a: number, v) => a + (v as number), 0) / tasks.length;
    assert.ok(Math.abs(mean - value) < 0.06, `${model}: mean ${mean}, published ${value}`);
    checked++;
  }
  assert.ok(checked >= 10, `${checked} averages checked`);
});

test('cells', () => {
  const row = (change: Partial<PublishedRow>): PublishedRow => ({
    ...{ model: 'm', task: 't', value: 62.2, unit: 'percent', provenance: 'paper', reference: 'r' },
    ...change,
  });
  assert.equal(formatRow(row({})), '62.2');
  assert.equal(formatRow(row({ deviation: 0.07 })), '62.2 ± 0.07');
  assert.equal(formatRow(row({ value: 7, provenance: 'secondary' })), '~7 (second hand)');
  assert.equal(formatRow(row({ value: null, provenance: 'memory' })), '? (from memory)');
  assert.equal(formatRow(row({ provenance: 'memory' })), '~62.2 (from memory)');
  assert.equal(formatRow(row({ value: null, failed: true })), 'failed');
  assert.equal(formatRow(findRow('lra-speed', 'Long Conv + FlashButterfly', 'LRA training speed')), '~7 (second hand)');
});

test('what is not there is said', () => {
  assert.throws(() => loadPublished('no-such'), /no published numbers named "no-such"/);
  assert.throws(() => findRow('lra-speed', 'nobody', 'LRA training speed'), /has 0 rows for nobody/);
  const claim = loadPublished('lra-speed');
  assert.equal(claimSchema.safeParse({ ...claim, extra: 1 }).success, false);
  const [first, ...rest] = claim.rows;
  assert.equal(claimSchema.safeParse({ ...claim, rows: [{ ...first, provenance: 'guess' }, ...rest] }).success, false);
});
