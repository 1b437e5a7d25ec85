/** Liquid-S4 has the size that its paper states. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { countParameters } from '../networks/classifier.ts';

test('Liquid-S4 on the 35 speech commands: 224K parameters with the low-rank vectors that a diagonal one lacks', async () => {
  // arXiv 2209.12951, Table S1: 6 layers, 128 wide, state 7, of which the code stores the 3 pairs; Table 4: 224K.
  const [layers, width, pairs] = [6, 128, 3];
  const diagonal = await countParameters({
    blocks: Array.from({ length: layers }, () => ({ mixer: 'liquid-s4', config: { states: 2 * pairs } })),
    ...{ width, length: 16000, input: { kind: 'real', dims: 1 }, classes: 35 },
    ...{ norm: 'batch', prenorm: true, dropout: 0, tiedDropout: true, positions: false, pool: 'mean' },
    head: { kind: 'linear' },
  });
  const lowRank = layers * width * pairs * 2;
  assert.ok(Math.abs(diagonal + lowRank - 224_000) < 1000, `${diagonal + lowRank} parameters`);
});
