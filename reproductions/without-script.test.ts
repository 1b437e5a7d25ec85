/** No published number is forgotten: a claim uses its file, or the table says what is missing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadPublished, publishedIds } from '../results/published/published.ts';
import { claimIds, loadClaim } from './claim.ts';
import { lacking, rowsWithoutScript, withoutScript } from './without-script.ts';

const used = new Set((await Promise.all(claimIds().map(loadClaim))).map(({ published }) => published));

test('every published file is used by a claim or has its reason, and none has both', () => {
  for (const id of publishedIds())
    assert.notEqual(used.has(id), Object.hasOwn(withoutScript, id), `${id}: a claim, or a sentence in withoutScript`);
  for (const id of Object.keys(withoutScript)) assert.ok(publishedIds().includes(id), `${id} was never published`);
});

test('rows without a script name paper, number and what is missing', () => {
  const rows = rowsWithoutScript();
  assert.deepEqual(
    rows.map((row) => row.claim),
    Object.keys(withoutScript).sort(),
  );
  for (const row of rows) {
    assert.equal(row.verdict, 'no script');
    assert.match(String(row.source), /^arXiv \d{4}\.\d{5}$/);
    assert.equal(row.task, loadPublished(String(row.claim)).title);
    assert.ok(String(row.published).length > 0 && row.desk === '-');
  }
  const lines = lacking();
  assert.equal(lines.length, rows.length);
  for (const line of lines) assert.match(line, /^[a-z0-9-]+: no script: .{40,}[^.]$/);
  assert.match(lines.find((line) => line.startsWith('path512')) ?? '', /32 to 256/);
});
