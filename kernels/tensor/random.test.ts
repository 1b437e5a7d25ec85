import assert from 'node:assert/strict';
import test from 'node:test';
import { philox, Stream, Streams } from './random.ts';

test('Philox 4x32-10 gives the published known answers', () => {
  // Random123's kat_vectors: counter, key, result.
  const known: [number[], number[], number[]][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [counter, key, want] of known) assert.deepEqual(philox(counter, key), want);
});

test('a stream is a function of seed, name and position', () => {
  const words = (s: Stream) => Array.from({ length: 9 }, () => s.word());
  assert.deepEqual(words(new Stream(3, 'dropout')), words(new Stream(3, 'dropout')));
  assert.notDeepEqual(words(new Stream(3, 'dropout')), words(new Stream(4, 'dropout')));
  assert.notDeepEqual(words(new Stream(3, 'dropout')), words(new Stream(3, 'init')));
  const blocks = new Stream(3, 'dropout');
  assert.deepEqual(words(new Stream(3, 'dropout')).slice(0, 8), [...blocks.block(0), ...blocks.block(1)]);
});

test('blocks beyond 2^32 are their own', () => {
  const s = new Stream(1, 'a');
  assert.notDeepEqual(s.block(5), s.block(5 + 2 ** 32));
  assert.deepEqual(s.block(5 + 2 ** 32), philox([5, 1, 0, 0], s.key));
});

test('a reservation takes whole blocks and the next word follows them', () => {
  const s = new Stream(1, 'a');
  s.word();
  const start = s.reserve(10);
  assert.equal(start, 1);
  assert.equal(s.word(), s.block(11)[0]);
});

test('saved streams continue where they were', () => {
  for (let words = 0; words < 9; words++) {
    const a = new Streams(9);
    a.get('dropout').reserve(1000);
    for (let i = 0; i < words; i++) a.get('shuffle').word();
    const b = new Streams(9);
    b.restore(JSON.parse(JSON.stringify(a.save())));
    assert.deepEqual(b.save(), a.save());
    for (const name of ['dropout', 'shuffle', 'unused'])
      for (let i = 0; i < 6; i++) assert.equal(b.get(name).word(), a.get(name).word());
  }
});

test('draws have the right moments and bounds', () => {
  const s = new Stream(2, 'moments');
  const n = 20000;
  const moments = (x: ArrayLike<number>) => {
    const mean = Array.from(x).reduce((a, b) => a + b, 0) / x.length;
    return [mean, Array.from(x).reduce((a, b) => a + (b - mean) ** 2, 0) / x.length];
  };
  const [mean, variance] = moments(s.normals(n));
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(n) && Math.abs(variance - 1) < 8 / Math.sqrt(n));
  const [low, spread] = moments(s.uniforms(n, 2, 4));
  assert.ok(Math.abs(low - 3) < 5 / Math.sqrt(3 * n) && Math.abs(spread - 1 / 3) < 0.02);
  const counts = new Array<number>(6).fill(0);
  for (let i = 0; i < 6000; i++) counts[s.integer(6)]++;
  assert.ok(counts.every((c) => Math.abs(c - 1000) < 150));
  const p = s.permutation(100);
  assert.deepEqual(
    [...p].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
});
