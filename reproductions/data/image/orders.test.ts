import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { bitReversal, hilbert, type PixelOrder, pixelOrder, pixelOrders, snake, transpose } from './orders.ts';

const sha256 = (order: Int32Array) => createHash('sha256').update(order).digest('hex');
const text = (order: Int32Array) => order.join(' ');

// The tables are what the functions of S4's src/utils/permutations.py return (commit a0c724a, numpy 1.24.2).
test('small tables are those of S4', () => {
  assert.equal(text(hilbert(2)), '0 1 3 2');
  assert.equal(text(hilbert(4)), '0 4 5 1 2 3 7 6 10 11 15 14 13 9 8 12');
  assert.equal(
    text(hilbert(8)),
    '0 1 9 8 16 24 25 17 18 26 27 19 11 10 2 3 4 12 13 5 6 7 15 14 22 23 31 30 29 21 20 28 ' +
      '36 44 45 37 38 39 47 46 54 55 63 62 61 53 52 60 59 58 50 51 43 35 34 42 41 33 32 40 48 49 57 56',
  );
  assert.equal(text(snake(4, 5)), '0 1 2 3 4 9 8 7 6 5 10 11 12 13 14 19 18 17 16 15');
  assert.equal(text(transpose(4, 5)), '0 5 10 15 1 6 11 16 2 7 12 17 3 8 13 18 4 9 14 19');
  assert.equal(text(bitReversal(16)), '0 8 4 12 2 10 6 14 1 9 5 13 3 11 7 15');
  assert.equal(text(bitReversal(20)), '0 16 8 4 12 2 18 10 6 14 1 17 9 5 13 3 19 11 7 15');
});

test('the orders of 32 x 32 images, and larger ones, are those of S4', () => {
  assert.equal(sha256(hilbert(16)), '237714687717aee3524aac13316cccfa4b6cd2aabc1fa779cbd792a0268dcd58');
  assert.equal(sha256(hilbert(32)), '182e81543c5639c28d5eb0ed8e7a029355f62520439ad5c84032e2b81ae61578');
  assert.equal(sha256(hilbert(64)), 'eeec1a74d12e2c1435d321e9144beb110966689546bcbbff48779a5183d4ba2b');
  assert.equal(sha256(snake(32, 32)), '1fc2cea147866ad503d4bbe76989b0131ac32c90c50841b2ee1e6be8bd002a89');
  assert.equal(sha256(transpose(32, 32)), '4e47d3a4c4bc836b6088abd9b8689fd3d84b1f8ccb39399628e3cd74d747247c');
  assert.equal(sha256(bitReversal(1024)), '6e45814a76fea71bb626d7ed8afeb238a718eb9b38a54207bb7962a56a79a64d');
  assert.equal(sha256(bitReversal(784)), '603ce0307a3e869ba1d4f56adbb046417267d7b6b8a6075328679e2f00979a80');
});

test('every order visits every pixel once', () => {
  for (const order of pixelOrders)
    for (const side of [4, 8, 32, 64]) {
      const seen = new Set(pixelOrder(order, side, side));
      assert.equal(seen.size, side * side, `${order} ${side}`);
      assert.ok(Math.min(...seen) === 0 && Math.max(...seen) === side * side - 1);
    }
  assert.throws(() => pixelOrder('hilbert', 4, 8), /squares only, not 4 x 8/);
  assert.throws(() => hilbert(12), /power of two, not 12/);
  assert.throws(() => pixelOrder('spiral' as PixelOrder, 4, 4), /not "spiral"/);
});

test('neighbours in the snake and on the Hilbert curve are neighbours in the image', () => {
  for (const side of [4, 32])
    for (const order of [hilbert(side), snake(side, side)])
      for (let t = 1; t < order.length; t++) {
        const [a, b] = [order[t - 1], order[t]];
        const steps = Math.abs(Math.floor(a / side) - Math.floor(b / side)) + Math.abs((a % side) - (b % side));
        assert.equal(steps, 1, `step ${t} of side ${side}`);
      }
});
