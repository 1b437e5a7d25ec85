import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessComplaint, UsageError } from './errors.ts';

const thrown = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

test('what the system refuses is a sentence that names the place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longconv-errors-'));
  const file = join(folder, 'a');
  assert.equal(
    accessComplaint(thrown(() => readFileSync(file))),
    `${file} cannot be used (it is not there): put that right, or give another place`,
  );
  assert.match(String(accessComplaint(thrown(() => readdirSync(join(import.meta.filename, 'x'))))), /part of its path/);
  assert.equal(accessComplaint(new UsageError('no')), null);
  assert.equal(accessComplaint(new Error('no')), null);
  rmSync(folder, { recursive: true });
});
