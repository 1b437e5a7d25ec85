import test from 'node:test';
import { assertThreadsAgree } from '../cpu-check.ts';
import sparseAttention from './op.ts';

test('sparse-attention gives the same bits with any number of threads', async () => {
  const windows = { window: 100, back: 1, ahead: 1, exact: true };
  for (const causal of [true, false])
    await assertThreadsAgree(sparseAttention, {
      name: `windows, one head, ${causal}`,
      shapes: [[1, 2000, 1, 24], [1, 2000, 1, 24], [1, 2000, 1, 24], null, null, null],
      attrs: { causal, scale: 0.3, block: 0, density: 1, ...windows },
    });
});
