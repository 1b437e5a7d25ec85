import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { threadId } from 'node:worker_threads';
import { type CacheArrays, CorruptFileError, cached, readUnit, setAside, writeUnit } from './cache.ts';
import { Unit } from './unit.ts';

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

test('a unit of the first version of the layout is read', () => {
  const path = join(folder, 'old.lcd');
  const header = Buffer.from('{"key":{"seed":1},"arrays":[{"name":"a","dtype":"i32","length":2,"offset":0}]}');
  const gap = Buffer.alloc(8 - ((44 + header.length) % 8));
  const body = Buffer.concat([header, gap, Buffer.from(Int32Array.of(7, -1).buffer)]);
  const head = Buffer.from('LCDATA01    ');
  head.writeUInt32LE(header.length, 8);
  const digest = createHash('sha256').update(head).update(body).digest();
  writeFileSync(path, Buffer.concat([head, digest, body]));
  assert.deepEqual(readUnit(path), { key: { seed: 1 }, arrays: { a: Int32Array.of(7, -1) } });
  const bad = Buffer.concat([head, digest, body]);
  bad[bad.length - 1] ^= 1;
  writeFileSync(path, bad);
  assert.throws(() => readUnit(path), /old\.lcd is corrupt \(its checksum does not match its content\)/);
});

test('elements are read by position, blocks verified when they are touched', () => {
  const path = join(folder, 'blocks.lcd');
  const numbers = Int32Array.from({ length: 200_000 }, (_, i) => i * 3);
  writeUnit(path, 'k', { few: Uint16Array.of(1, 65535), numbers });
  const bytes = readFileSync(path);
  bytes[bytes.length - 9] ^= 1;
  writeFileSync(path, bytes);
  const unit = Unit.open(path);
  assert.deepEqual(unit.read('few'), Uint16Array.of(1, 65535));
  assert.deepEqual(unit.read('numbers', 60_000, 50_000), numbers.slice(60_000, 110_000));
  assert.deepEqual(unit.read('numbers', 5, 0), new Int32Array(0));
  assert.throws(
    () => unit.read('numbers', 199_990, 2),
    /blocks\.lcd is corrupt \(the checksum of block 3 of 4 does not/,
  );
  assert.throws(() => unit.read('numbers', 199_999, 2), /elements 199999 to 200001 of numbers, which has 200000/);
  assert.throws(() => unit.read('letters'), /no array "letters"/);
  unit.close();
});

test('the digest of a unit changes with its key, that of its content does not; both with any element', () => {
  const digests = (key: string, value: number) => {
    const path = join(folder, 'digest.lcd');
    writeUnit(path, key, { a: Int32Array.of(1, value) });
    const { digest, content } = Unit.open(path);
    return [digest, content];
  };
  const [digest, content] = digests('k', 5);
  assert.deepEqual(digests('k', 5), [digest, content]);
  assert.equal(digests('other', 5)[1], content);
  assert.notEqual(digests('other', 5)[0], digest);
  assert.notEqual(digests('k', 6)[0], digest);
  assert.notEqual(digests('k', 6)[1], content);
});

test('a file that was put in the place of an open one is not taken for it', () => {
  const path = join(folder, 'replaced.lcd');
  writeUnit(path, 'k', { a: Int32Array.of(1) });
  const unit = Unit.open(path);
  writeUnit(path, 'k', { a: Int32Array.of(2) });
  assert.throws(() => unit.read('a'), /it is not the file that was opened/);
});

test('many units at once: few files are held open', () => {
  const units = Array.from({ length: 150 }, (_, i) => {
    const path = join(folder, 'many', `${i}.lcd`);
    writeUnit(path, i, { a: Int32Array.of(i) });
    return Unit.open(path);
  });
  for (let round = 0; round < 2; round++)
    for (const [i, unit] of units.entries()) assert.deepEqual(unit.read('a'), Int32Array.of(i));
  const held = readdirSync('/proc/self/fd').length;
  for (const unit of units) unit.close();
  assert.ok(held - readdirSync('/proc/self/fd').length <= 64);
});

test('halves that a killed process left are removed when their file is made', () => {
  const place = join(folder, 'killed');
  writeUnit(join(place, 'unit.lcd'), 'k', sample());
  const dead = spawnSync(process.execPath, ['--version']).pid;
  for (const name of [`unit.lcd.${dead}.tmp`, 'unit.lcd.1.tmp', `other.lcd.${dead}.tmp`])
    writeFileSync(join(place, name), 'half');
  writeUnit(join(place, 'unit.lcd'), 'k', sample());
  assert.deepEqual(readdirSync(place).sort(), [`other.lcd.${dead}.tmp`, 'unit.lcd', 'unit.lcd.1.tmp']);
});

test('a full disk: one sentence, nothing left behind', { skip: !existsSync('/dev/full') }, () => {
  const place = join(folder, 'full');
  mkdirSync(place);
  symlinkSync('/dev/full', join(place, `unit.lcd.${process.pid}-${threadId}.tmp`));
  assert.throws(
    () => writeUnit(join(place, 'unit.lcd'), 'k', sample()),
    (e: Error) => e.name === 'StorageError' && /unit\.lcd cannot be written \(no space is left/.test(e.message),
  );
  assert.deepEqual(readdirSync(place), []);
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

test('nothing is made that could not be kept', async () => {
  const previous = process.env.LONGCONV_CACHE;
  process.env.LONGCONV_CACHE = join(folder, 'a-file');
  writeFileSync(join(folder, 'a-file'), '');
  try {
    await assert.rejects(
      cached('set/unit.lcd', 'k', () => assert.fail('it was made')),
      (e) => (e as Error).name === 'StorageError' && /a part of its path is a file/.test((e as Error).message),
    );
  } finally {
    if (previous === undefined) delete process.env.LONGCONV_CACHE;
    else process.env.LONGCONV_CACHE = previous;
  }
});

test('damage that another process has set aside already is no failure', () => {
  const path = join(folder, 'gone.lcd');
  writeFileSync(`${path}.corrupt-1`, '');
  assert.equal(setAside(path), `${path}.corrupt-1`);
});

test('a folder in the place of a unit is damage like any other', async () => {
  const previous = process.env.LONGCONV_CACHE;
  process.env.LONGCONV_CACHE = folder;
  try {
    mkdirSync(join(folder, 'set', 'folder.lcd'), { recursive: true });
    const said: string[] = [];
    const made = await cached(
      'set/folder.lcd',
      'k',
      async () => ({ a: Int32Array.of(1) }),
      (line) => said.push(line),
    );
    assert.deepEqual(made, { a: Int32Array.of(1) });
    assert.match(said.join(), /folder\.lcd is corrupt \(it is a folder\): set aside as .*corrupt-1, making it again/);
    assert.deepEqual(readUnit(join(folder, 'set', 'folder.lcd')).arrays, made);
  } finally {
    if (previous === undefined) delete process.env.LONGCONV_CACHE;
    else process.env.LONGCONV_CACHE = previous;
  }
});
