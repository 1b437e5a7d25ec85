import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishedRow } from '../results/published/schema.ts';
import { decides, type Results, usualVerdict } from './verdict.ts';

const row = (change: Partial<PublishedRow> = {}): PublishedRow => ({
  ...{ model: 'm', task: 't', value: 60, unit: 'percent', provenance: 'paper', reference: 'r' },
  ...change,
});
const verdict = (change: Partial<Results>, least = 1) =>
  usualVerdict(
    {
      ...{ published: row(), metric: 'accuracy', values: [60, 60], scale: 'paper', kind: 'generated-equivalent' },
      ...{ guess: 17, count: 2000, departures: [] },
      ...change,
    },
    least,
  );

test('only paper scale on the same distribution can reproduce a number', () => {
  assert.equal(verdict({}).kind, 'reproduced');
  for (const scale of ['smoke', 'desk'] as const) assert.equal(verdict({ scale, values: [99] }).kind, 'partial scale');
  assert.equal(verdict({ kind: 'stand-in:x' }).kind, 'stand-in data');
  const shortened = verdict({ departures: ['steps is 10, not 3000'] });
  assert.equal(shortened.kind, 'partial scale');
  assert.match(shortened.sentence, /not the published configuration: steps is 10, not 3000/);
  assert.equal(verdict({ kind: 'generated-variant:short', values: [60] }).kind, 'other task');
  assert.equal(verdict({ published: null }).kind, 'no target');
  for (const [change, expected] of [
    [{}, true],
    [{ published: null }, true],
    [{ scale: 'desk' }, false],
    [{ kind: 'stand-in:x' }, false],
    [{ kind: 'generated-variant:short' }, false],
  ] as [Partial<Results>, boolean][])
    assert.equal(decides(verdict(change)), expected);
  assert.equal(verdict({ published: row({ value: null }) }).kind, 'no target');
});

test('one point, or two published deviations, are allowed below; the interval over seeds must leave no doubt', () => {
  assert.equal(verdict({ values: [59, 59] }).kind, 'reproduced');
  assert.equal(verdict({ values: [58.9, 58.9] }).kind, 'below');
  assert.equal(verdict({ values: [57, 57], published: row({ deviation: 1.5 }) }).kind, 'reproduced');
  assert.equal(verdict({ values: [60.1, 60, 59.9] }).kind, 'reproduced');
  assert.equal(verdict({ values: [56, 62] }).kind, 'unclear');
  assert.equal(verdict({ values: [60] }).kind, 'unclear');
  assert.match(verdict({ values: [60] }).sentence, /one seed says nothing of the spread/);
  assert.equal(verdict({ values: [57.1, 57, 56.9] }).kind, 'below');
  assert.match(verdict({ values: [60.1, 60, 59.9] }).sentence, /^60 \[59\.75, 60\.25\] over 3 seeds/);
  assert.match(
    verdict({ published: row({ provenance: 'memory' }) }).sentence,
    /published number itself is not confirmed/,
  );
});

test('a result that is far too good is not simply a success', () => {
  assert.equal(verdict({ values: [62.9, 62.9] }).kind, 'reproduced');
  assert.equal(verdict({ values: [63.1, 63.1] }).kind, 'above');
});

test('of a perplexity or an error, less is better', () => {
  const perplexity = (values: number[]) =>
    verdict({ metric: 'perplexity', published: row({ value: 20 }), values, guess: 50257 }, 0.2).kind;
  assert.equal(perplexity([20.2, 20.2]), 'reproduced');
  assert.equal(perplexity([20.3, 20.3]), 'below');
  assert.equal(perplexity([19.5, 19.5]), 'reproduced');
  assert.equal(perplexity([19.3, 19.3]), 'above');
  assert.equal(perplexity([20.1, 20.9]), 'unclear');
});

test('a smaller run says whether it learnt', () => {
  assert.match(verdict({ scale: 'smoke', values: [53] }).sentence, /shows that it learns/);
  const luck = verdict({ scale: 'smoke', values: [53.7], guess: 50.3, count: 300 });
  assert.match(luck.sentence, /no better than a guess/);
  const error = (value: number) => verdict({ scale: 'desk', metric: 'MAE', values: [value], guess: 0.8 }).sentence;
  assert.match(error(0.7), /shows that it learns/);
  assert.match(error(0.79), /no better than a guess/);
});
