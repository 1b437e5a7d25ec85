import assert from 'node:assert/strict';
import test from 'node:test';
import blockSparse, { isPresent } from './block-sparse-attention.ts';

const matrix = (n: number, config: object): boolean[][] =>
  Array.from({ length: n }, (_, I) =>
    Array.from({ length: n }, (_, J) => isPresent({ ...blockSparse.defaults, ...config }, I, J)),
  );
const product = (a: boolean[][], b: boolean[][]): boolean[][] =>
  a.map((row) => b[0].map((_, j) => row.some((x, k) => x && b[k][j])));

test('a butterfly of n blocks has 1 + log2 n in a row and connects all in log2 n layers, not in fewer', () => {
  for (const stages of [1, 3, 5]) {
    const one = matrix(2 ** stages, {});
    for (const [I, row] of one.entries()) {
      assert.equal(row.filter(Boolean).length, 1 + stages);
      assert.ok(row.every((x, J) => x === one[J][I]));
    }
    let reach = one;
    for (let layer = 1; layer < stages; layer++) {
      assert.ok(reach.flat().includes(false), `${layer} layers of ${stages} already connect all`);
      reach = product(reach, one);
    }
    assert.ok(!reach.flat().includes(false));
  }
});

test('a sliding pattern is a band, and blocks that see all and are seen by all', () => {
  const all = matrix(9, { pattern: 'sliding', reach: 2, global: 1 });
  for (const [I, row] of all.entries())
    for (const [J, x] of row.entries()) assert.equal(x, Math.abs(I - J) <= 2 || I === 0 || J === 0, `${I}, ${J}`);
});
