/** Models have the sizes that were published for them, or we say why not. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { findRows, publishedIds } from '../../results/published/published.ts';
import { languageModels } from './language-models.ts';
import { matchesPublished, publishedSizes } from './published-sizes.ts';

for (const size of publishedSizes)
  test(`${size.model} of ${size.claim}: ${size.published} parameters`, async () => {
    // Language models go by their configuration's name.
    const known = languageModels.some((row) => row.title === size.model);
    assert.ok(known || findRows(size.claim, { model: size.model }).length > 0, 'the claim has no such row');
    assert.ok(publishedIds().includes(size.claim));
    const n = await size.count();
    const same = matchesPublished(n, size.published);
    assert.ok(same || size.difference, `ours has ${n}, published are ${size.published}, and no reason is given`);
    assert.ok(!same || !size.difference, `ours has ${n}, as published: the stated difference is none`);
  });

test('a published size is met by what rounds to it', () => {
  for (const [n, text, want] of [
    [267_018, '267K', true],
    [267_900, '267K', true],
    [268_100, '267K', false],
    [3_957_770, '3.96M', true],
    [3_949_999, '3.96M', false],
    [355_900_000, '355M', true],
    [262_144, '262144', true],
    [125_400_000, '125M', true],
  ] as const)
    assert.equal(matchesPublished(n, text), want, `${n} and ${text}`);
  assert.throws(() => matchesPublished(1, 'about 300k'), /a published size is a number/);
});
