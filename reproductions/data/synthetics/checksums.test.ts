import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openArithmetic } from './arithmetic.ts';
import { openAssociativeRecall } from './associative-recall.ts';
import { openCounting } from './counting.ts';
import { openInductionHeads } from './induction-heads.ts';
import { openMajority } from './majority.ts';

test('the default sets are these, on every engine and machine', () => {
  const begin = (data: { checksum: string }) => data.checksum.slice(0, 8);
  assert.deepEqual(
    [openAssociativeRecall(), openInductionHeads(), openMajority(), openCounting(), openArithmetic()].map(begin),
    ['b442244f', '8f52170e', '1eac4470', '8ca2dc9d', '15c1b10b'],
  );
});

test('what reopens a set opens the same', async () => {
  for (const data of [openAssociativeRecall({ keys: 2, seed: 3 }), openArithmetic({ digits: 5 })]) {
    const { module, name, settings } = data.reopen;
    const again = (await import(module))[name](structuredClone(settings));
    assert.equal(again.checksum, data.checksum);
  }
});
