import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishedRow } from '../results/published/schema.ts';
import { accuracyVerdict } from './verdict.ts';

const row = (change: Partial<PublishedRow> = {}): PublishedRow => ({
  ...{ model: 'm', task: 't', value: 60, unit: 'percent', provenance: 'paper', reference: 'r' },
  ...change,
});
const verdict = (change: Partial<Parameters<typeof accuracyVerdict>[0]>) =>
  accuracyVerdict({
    ...{ published: row(), accuracies: [60], scale: 'paper', kind: 'generated-equivalent', guess: 17, examples: 2000 },
    ...change,
  });

test('only paper scale on the same distribution can reproduce a number', () => {
  assert.equal(verdict({}).kind, 'reproduced');
  for (const scale of ['smoke', 'desk'] as const)
    assert.equal(verdict({ scale, accuracies: [99] }).kind, 'partial scale');
  assert.equal(verdict({ kind: 'stand-in:x', accuracies: [99] }).kind, 'other data');
  assert.equal(verdict({ kind: 'generated-variant:short', accuracies: [99] }).kind, 'other data');
  assert.equal(verdict({ published: null }).kind, 'no target');
  assert.equal(verdict({ published: row({ value: null }) }).kind, 'no target');
});

test('one point, or two published deviations, are allowed below; the mean over seeds counts', () => {
  assert.equal(verdict({ accuracies: [59] }).kind, 'reproduced');
  assert.equal(verdict({ accuracies: [58.9] }).kind, 'not reproduced');
  assert.equal(verdict({ accuracies: [57], published: row({ deviation: 1.5 }) }).kind, 'reproduced');
  assert.equal(verdict({ accuracies: [56, 62] }).kind, 'reproduced');
  assert.match(
    verdict({ published: row({ provenance: 'memory' }) }).sentence,
    /published number itself is not confirmed/,
  );
});

test('a smaller run says whether it learnt', () => {
  assert.match(verdict({ scale: 'smoke', accuracies: [53] }).sentence, /shows that it learns/);
  const luck = verdict({ scale: 'smoke', accuracies: [53.7], guess: 50.3, examples: 300 });
  assert.match(luck.sentence, /no better than a guess/);
});
