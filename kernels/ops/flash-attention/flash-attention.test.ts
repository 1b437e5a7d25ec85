import test from 'node:test';
import { assertThreadsAgree } from '../cpu-check.ts';
import flashAttention from './op.ts';

test('flash-attention gives the same bits with any number of threads', async () => {
  const bits = (B: number, Sq: number, Sk: number, h: number, d: number, causal: boolean) =>
    assertThreadsAgree(flashAttention, {
      name: `B${B} q${Sq} k${Sk} h${h} d${d} ${causal}`,
      shapes: [[B, Sq, h, d], [B, Sk, h, d], [B, Sk, h, d], null],
      attrs: { causal, scale: 0.3 },
    });
  await bits(1, 300, 2000, 1, 24, true); // one head: groups of keys
  await bits(3, 200, 200, 3, 16, false);
});
