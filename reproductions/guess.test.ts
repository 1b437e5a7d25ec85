import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenDataset } from './data/dataset.ts';
import { guessOf } from './guess.ts';

const tokens = { task: 'tokens', id: 'words', vocabulary: 50 } as TokenDataset;

test('of tokens, what their frequencies tell is known without learning; of answers, a draw', () => {
  const loss = { metric: 'loss', value: 2 } as const;
  const known = [{ method: 'token frequencies, counted on the first 16 M tokens', ...loss }];
  assert.deepEqual(guessOf(tokens, 'perplexity', known), { value: Math.exp(2), loss: 2 });
  assert.deepEqual(guessOf(tokens, 'perplexity', [{ method: 'bigrams', ...loss }]), { value: 50, loss: Math.log(50) });
  assert.deepEqual(guessOf(tokens, 'accuracy', known), { value: 1 / 50, loss: Math.log(50) });
});

test('of series, always zero must be among the baselines', () => {
  const series = { task: 'series', id: 'waves' } as Parameters<typeof guessOf>[0];
  const zero = { method: 'predict 0', metric: 'MAE', value: 0.8 } as const;
  assert.deepEqual(guessOf(series, 'MAE', [zero]), { value: 0.8, loss: 0.8 });
  assert.throws(() => guessOf(series, 'MAE', []), /waves has no baseline that always says zero/);
});
