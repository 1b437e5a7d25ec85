import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { prepareChecks, readChecks, writeChecks } from './checks.ts';

const verdict = {
  case: 'a',
  family: 's4d',
  device: 'cpu',
  implementation: 'cpu/base',
  status: 'pass' as const,
  error: 1e-7,
  tolerance: 1e-5,
  worst: 'y',
  reason: '',
};

test('a kept check is read back, replaced by the next one, and replaces nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longconv-checks-'));
  try {
    const file = join(folder, 'new', 'check.json');
    for (const error of [1e-7, 2e-7]) {
      prepareChecks(file);
      writeChecks(file, ['check'], [{ ...verdict, error }]);
      assert.equal(readChecks(file)?.verdicts[0].error, error);
    }
    assert.deepEqual(readdirSync(join(folder, 'new')), ['check.json']);

    const diary = join(folder, 'diary.txt');
    writeFileSync(diary, 'dear diary\n');
    assert.throws(() => prepareChecks(diary), { name: 'UsageError', message: /holds something else than a check/ });
    assert.equal(readFileSync(diary, 'utf8'), 'dear diary\n');

    mkdirSync(join(folder, 'taken'));
    assert.throws(() => prepareChecks(join(folder, 'taken')), { name: 'UsageError', message: /it is a folder/ });
    assert.throws(() => prepareChecks(join(diary, 'x.json')), { name: 'UsageError', message: /is a file/ });
    assert.throws(() => writeChecks(join(folder, 'taken'), [], [verdict]), { name: 'StorageError' });
    assert.deepEqual(readdirSync(folder).sort(), ['diary.txt', 'new', 'taken']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
