import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import test from 'node:test';
import { UsageError } from './errors.ts';
import { memoryLimit, parseSize, requireMemory } from './memory.ts';

test('sizes', () => {
  assert.equal(parseSize('4096'), 4096);
  assert.equal(parseSize('512m'), 512 * 2 ** 20);
  assert.equal(parseSize('1.5 GiB'), 1.5 * 2 ** 30);
  for (const bad of ['', 'lots', '-1', '0', '4x']) assert.throws(() => parseSize(bad), UsageError, bad);
});

test('the limit is what the machine has left, unless it is set', () => {
  const own = memoryLimit(undefined, '');
  assert.ok(own.bytes > 0 && own.bytes <= totalmem());
  assert.deepEqual(memoryLimit(undefined, '2g'), { bytes: 2 ** 31, source: 'LONGCONV_MEMORY_LIMIT' });
});

test('a refusal names the case, the estimate, the limit and what to do', () => {
  const limit = { bytes: 2 ** 30, source: 'available memory' };
  requireMemory('x', 2 ** 30, limit);
  assert.throws(
    () => requireMemory('attention at 64K', 2 ** 31, limit),
    /attention at 64K needs about 2 GiB and the limit is 1 GiB \(available memory\): choose a shorter length/,
  );
});
