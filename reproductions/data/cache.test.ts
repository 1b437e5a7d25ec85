import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CacheArrays, CorruptFileError, cached, readUnit, writeUnit } from './cache.ts';

let folder = '';
const previous = process.env.LONGCONV_CACHE;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-cache-'));
  process.env.LONGCONV_CACHE = folder;
});
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const sample = (): CacheArrays => ({
  bytes: Uint8Array.from([1, 2, 3]),
  numbers: Int32Array.from([-5, 70000]),
  none: new Int32Array(0),
  reals: Float32Array.from([0.5, -1e-8, 3]),
});

test('a unit is read back as it was written', () => {
  const path = join(folder, 'a', 'unit.lcd');
  writeUnit(path, { seed: 1, text: 'é' }, sample());
  const { key, arrays } = readUnit(path);
  assert.deepEqual(key, { seed: 1, text: 'é' });
  assert.deepEqual(arrays, sample());
});

test('any changed or missing byte is noticed', () => {
  const path = join(folder, 'flip.lcd');
  writeUnit(path, 'k', sample());
  const good = readFileSync(path);
  for (let i = 0; i < good.length; i++) {
    const bad = Buffer.from(good);
    bad[i] ^= 4;
    writeFileSync(path, bad);
    assert.throws(() => readUnit(path), CorruptFileError, `byte ${i}`);
  }
  writeFileSync(path, good);
  truncateSync(path, good.length - 1);
  assert.throws(() => readUnit(path), CorruptFileError);
  writeFileSync(path, '');
  assert.throws(() => readUnit(path), CorruptFileError);
});

test('a corrupt file is named, set aside and made again; a good one is used', async () => {
  const said: string[] = [];
  let made = 0;
  const get = () =>
    cached(
      'set/unit.lcd',
      { seed: 3 },
      async () => {
        made++;
        return sample();
      },
      (line) => said.push(line),
    );
  await get();
  assert.deepEqual(await get(), sample());
  assert.equal(made, 1);
  const path = join(folder, 'set', 'unit.lcd');
  for (const n of [1, 2]) {
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    assert.deepEqual(await get(), sample());
    assert.equal(made, 1 + n);
    assert.match(said.at(-1) ?? '', new RegExp(`unit\\.lcd is corrupt .*unit\\.lcd\\.corrupt-${n}, making it again`));
  }
  assert.deepEqual(readdirSync(join(folder, 'set')).sort(), ['unit.lcd', 'unit.lcd.corrupt-1', 'unit.lcd.corrupt-2']);
});

test('a file of another recipe is not used', async () => {
  let made = 0;
  const make = async () => {
    made++;
    return sample();
  };
  await cached('recipe.lcd', { seed: 1 }, make);
  await cached('recipe.lcd', { seed: 2 }, make, () => {});
  assert.equal(made, 2);
});
