import assert from 'node:assert/strict';
import test from 'node:test';
import { placeOf, speakerOf, splitOf } from './name-hash.ts';

/** By python3 hashlib: (int(sha1(name).hexdigest(), 16) % 2**27) * (100.0 / (2**27 - 1)). */
const known: [string, number, string][] = [
  ['0a7c2a8d', 56.836387193474074, 'train'],
  ['00f0204f', 50.17610751223644, 'train'],
  ['b66f4f93', 33.70479072410457, 'train'],
  ['5c8af87a', 15.065555386733676, 'test'],
  ['99999999', 11.56950378097224, 'test'],
  ['00000000', 9.555729549793373, 'validation'],
  ['00025c90', 10.000084415078792, 'test'],
  ['', 98.04821758008165, 'train'],
];

test('places and sets of known names', () => {
  for (const [speaker, place, split] of known) {
    assert.equal(placeOf(speaker), place);
    assert.equal(splitOf(`happy/${speaker}_nohash_0.wav`), split);
    assert.equal(splitOf(`${speaker}_nohash_7.wav`), split);
  }
});

test('the speaker is what stands before _nohash_', () => {
  assert.equal(speakerOf('yes/0a7c2a8d_nohash_12.wav'), '0a7c2a8d');
  assert.equal(speakerOf('running_tap.wav'), 'running_tap.wav');
});

test('a tenth validates and a tenth tests', () => {
  const counts = { train: 0, validation: 0, test: 0 };
  for (let i = 0; i < 10_000; i++) counts[splitOf(`${i.toString(16).padStart(8, '0')}_nohash_0.wav`)]++;
  assert.deepEqual(counts, { validation: 1060, test: 960, train: 7980 });
});
