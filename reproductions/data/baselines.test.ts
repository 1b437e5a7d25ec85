import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { open } from '../train/loader.fixture.ts';
import { baselinesOf } from './baselines.ts';

const previous = process.env.LONGCONV_CACHE;
const folder = mkdtempSync(join(tmpdir(), 'longconv-baselines-'));
process.env.LONGCONV_CACHE = folder;
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const data = async () => ({ ...(await open({ checksum: 'c'.repeat(64) })), labelCounts: () => [3, 1] });
const expected = [{ method: 'majority class', metric: 'accuracy', value: 0.75 }];

test('what cannot be kept is computed all the same', async () => {
  writeFileSync(join(folder, 'baselines'), 'a file where the folder should be');
  assert.deepEqual(await baselinesOf(await data()), expected);
});

test('a damaged file is computed again, and written again', async () => {
  rmSync(join(folder, 'baselines'));
  mkdirSync(join(folder, 'baselines'));
  assert.deepEqual(await baselinesOf(await data()), expected);
  const [name] = readdirSync(join(folder, 'baselines'));
  for (const damage of ['', '{"dataset":"numbers"', '{"dataset":"numbers","checksum":"x","baselines":[]}', '\0']) {
    writeFileSync(join(folder, 'baselines', name), damage);
    assert.deepEqual(await baselinesOf(await data()), expected);
    assert.deepEqual(await baselinesOf(await data()), expected);
  }
});
