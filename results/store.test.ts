import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as z from 'zod';
import { type BenchRecord, canonical, configHash, newId, recordJsonSchema, recordSchema } from './record.ts';
import { appendRecord, readRecords, runFile } from './store.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

async function inFolder(work: (folder: string) => unknown): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'longconv-store-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const record = (suite: string): BenchRecord => ({
  schema: 'longconv-record-1',
  id: newId(),
  time: new Date().toISOString(),
  suite,
  git: { commit: null, dirty: null },
  version: '0.0.0',
  argv: ['run', suite],
  runtime: { name: 'bun', version: '1', os: 'linux', arch: 'x64' },
  host: { name: 'h', cpu: 'c', cores: 2, memory_bytes: 1, load: [0, 0, 0] },
  device: { id: 'cpu', name: 'c', vendor: 'v', driver: 'd', features: [], memory_bytes: null, software: false },
  isa: 'avx2',
  threads: 2,
  config: { width: 4, nested: { list: [1, 'a', null] } },
  config_hash: 'x',
  seeds: [0],
  data: { kind: 'synthetic shape', checksum: null },
  samples: { unit: 'ms', clock: 'wall', rounds: [[1, 2], [3]] },
  statistics: { ms: 2 },
  error: null,
  peak_bytes: 5,
  flops: 10,
  bytes: 20,
  roofline: null,
  interrupted: false,
  row: { model: 'm', ms: 2, ok: true, none: null },
});

test('records come back as they were written', () =>
  inFolder((folder) => {
    const file = join(folder, 'deep', 'r.jsonl');
    const all = [record('a'), record('b')];
    for (const r of all) appendRecord(file, r);
    assert.deepEqual(readRecords(file), { records: all, damage: [] });
  }));

test('a damaged line is named, set aside once, and the others are kept', () =>
  inFolder((folder) => {
    const file = join(folder, 'r.jsonl');
    appendRecord(file, record('a'));
    appendFileSync(file, 'not json at all\n{"schema":"other"}\n');
    appendRecord(file, record('b'));
    const size = readFileSync(file).length;
    const { records, damage } = readRecords(file);
    assert.deepEqual(
      records.map((r) => r.suite),
      ['a', 'b'],
    );
    assert.deepEqual(
      damage.map((d) => d.line),
      [2, 3],
    );
    assert.match(damage[0].reason, /not JSON/);
    assert.match(damage[1].reason, /schema/);
    assert.equal(readFileSync(`${file}.corrupt`, 'utf8'), 'not json at all\n{"schema":"other"}\n');
    assert.equal(readFileSync(file).length, size);
    const again = readRecords(file);
    assert.equal(again.records.length, 2);
    assert.deepEqual(again.damage, []);
  }));

test('a torn last line damages neither the record before it nor the one after it', () =>
  inFolder((folder) => {
    const file = join(folder, 'r.jsonl');
    appendRecord(file, record('a'));
    appendFileSync(file, JSON.stringify(record('torn')).slice(0, 40));
    const torn = readRecords(file);
    assert.equal(torn.records.length, 1);
    assert.match(torn.damage[0].reason, /torn/);
    appendFileSync(file, '{"half": ');
    appendRecord(file, record('b'));
    const { records, damage } = readRecords(file);
    assert.deepEqual(
      records.map((r) => r.suite),
      ['a', 'b'],
    );
    assert.equal(damage.length, 1);
  }));

test('two processes that append at the same time do not mix', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'r.jsonl');
    const writer = (who: string) =>
      `import { appendRecord } from ${JSON.stringify(pathToFileURL(join(here, 'store.ts')).href)};
       for (let i = 0; i < 200; i++) appendRecord(${JSON.stringify(file)}, { who: '${who}', i, pad: 'x'.repeat(5000) });`;
    await Promise.all(
      ['a', 'b', 'c'].map(
        (who) =>
          new Promise<void>((resolve, reject) => {
            const args = [process.versions.bun ? '-e' : 'eval', writer(who)];
            const child = spawn(process.execPath, args, { stdio: 'inherit', cwd: here });
            child.on('exit', (code) => (code ? reject(new Error(`the writer ended with ${code}`)) : resolve()));
          }),
      ),
    );
    const { records, damage } = readRecords(file, z.object({ who: z.string(), i: z.number(), pad: z.string() }));
    assert.deepEqual(damage, []);
    for (const who of ['a', 'b', 'c'])
      assert.deepEqual(
        records.filter((r) => r.who === who).map((r) => r.i),
        Array.from({ length: 200 }, (_, i) => i),
      );
  }));

test('the configuration hash does not depend on the order of keys', () => {
  assert.equal(canonical({ b: 1, a: [{ d: 1, c: undefined }] }), '{"a":[{"d":1}],"b":1}');
  assert.equal(configHash({ a: 1, b: 2 }), configHash({ b: 2, a: 1 }));
  assert.notEqual(configHash({ a: 1 }), configHash({ a: 2 }));
});

test('the schema is published as JSON Schema and refuses what is not a record', () => {
  const schema = recordJsonSchema() as { required: string[] };
  for (const key of ['id', 'git', 'samples', 'config_hash']) assert.ok(schema.required.includes(key), key);
  assert.equal(recordSchema.safeParse({ ...record('a'), peak_bytes: -1 }).success, false);
  assert.equal(
    recordSchema.safeParse({ ...record('a'), samples: { unit: 's', clock: 'wall', rounds: [] } }).success,
    false,
  );
});

test('two runs of a suite in one second get two files', () =>
  inFolder((folder) => {
    const now = new Date('2024-01-02T03:04:05.678Z');
    const first = runFile(folder, 's', now, 7);
    assert.ok(first.endsWith(join('s', '20240102T030405Z-7.jsonl')));
    appendRecord(first, {});
    assert.notEqual(runFile(folder, 's', now, 7), first);
  }));

test('a full disk is named with what to do', { skip: !existsSync('/dev/full') }, () => {
  assert.throws(
    () => appendRecord('/dev/full', { a: 1 }),
    (e: Error) => e.name === 'StorageError' && /^\/dev\/full cannot be written \(no space is left/.test(e.message),
  );
});

test('a file that holds no record is refused and stays as it is', () =>
  inFolder((folder) => {
    const file = join(folder, 'notes.txt');
    for (const content of ['dear diary\nof mine\n', '{"name": "x"}\n', '{\n  "a": 1\n}', 'no end']) {
      writeFileSync(file, content);
      assert.throws(() => readRecords(file), /notes\.txt is no file of records .* left as it is: name another file/);
      assert.equal(readFileSync(file, 'utf8'), content);
    }
    assert.ok(!existsSync(`${file}.corrupt`));
  }));

test('records of another kind in a shared file are neither read nor harmed', () =>
  inFolder((folder) => {
    const file = join(folder, 'all.jsonl');
    appendRecord(file, { schema: 'longconv-evidence-1', claim: 'x' });
    appendRecord(file, record('a'));
    const before = readFileSync(file, 'utf8');
    const { records, damage } = readRecords(file);
    assert.deepEqual([records.length, damage.length], [1, 0]);
    assert.equal(readFileSync(file, 'utf8'), before);
  }));
