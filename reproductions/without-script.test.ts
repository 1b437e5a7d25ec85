/** No published number is forgotten: a claim uses its file, or the table says what is missing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadPublished, publishedIds } from '../results/published/published.ts';
import { claimIds, loadClaim } from './claim.ts';
import { rowsWithoutScript, withoutScript } from './without-script.ts';

/** By its own claim, or by another one. */
const used = new Set((await Promise.all(claimIds().map(loadClaim))).flatMap(({ id, published }) => [id, published]));

test('every published file is used by a claim or has its reason, and none has both', () => {
  for (const id of publishedIds())
    assert.notEqual(used.has(id), Object.hasOwn(withoutScript, id), `${id}: a claim, or a sentence in withoutScript`);
  for (const id of Object.keys(withoutScript)) assert.ok(publishedIds().includes(id), `${id} was never published`);
});

test('rows without a script name the claim, a published number and what is missing', () => {
  const rows = rowsWithoutScript();
  assert.deepEqual(
    rows.map((row) => row.claim),
    Object.keys(withoutScript).sort(),
  );
  for (const { claim, verdict, cost, published, ours } of rows) {
    assert.equal(verdict, 'no script');
    assert.equal(ours, null);
    assert.match(String(cost), /^.{40,}[^.]$/, `${claim}: one sentence, without its full stop`);
    const [{ model, task }] = loadPublished(String(claim)).rows;
    assert.ok(String(published).startsWith(`${model}, ${task}: `), String(published));
  }
  const path512 = rows.find((row) => row.claim === 'path512');
  assert.equal(path512?.published, 'Long Conv + FlashFFTConv, Path-512: ~96.1 (second hand)');
});
