import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { moments } from '../comparison.ts';
import { Draws } from '../draws.ts';
import { CLIP } from '../speech-commands/words.ts';
import { noise } from './noise.ts';
import { drawPlacing, LONGEST, place, trimmed } from './place.ts';
import { Resampler } from './resample.ts';

const draws = new Draws(1, 'test');
const word = (n: number, silence = 500): Float64Array =>
  Float64Array.from({ length: n + 2 * silence }, (_, i) =>
    i < silence || i >= n + silence ? 0.001 * Math.sin(i) : 0.7 * Math.cos((i - silence) * 0.3),
  );

test('what is below 1 % of the peak is cut away at both ends only', () => {
  const sound = Float64Array.of(0, 0.009, 0.5, 0, 0, -1, 0.011, 0.01, 0);
  assert.deepEqual([...trimmed(sound)], [0.5, 0, 0, -1, 0.011]);
  assert.equal(trimmed(new Float64Array(9)).length, 0);
  assert.throws(() => place(new Float64Array(9), draws.start(0)), /silent from beginning to end/);
});

test('the word stands at the drawn place with the drawn peak, over the drawn noise', () => {
  for (let clip = 0; clip < 40; clip++) {
    const n = 3000 + 200 * clip;
    const { samples, length } = place(word(n), draws.start(clip));
    const { offset, peak, ratio } = drawPlacing(length, draws.start(clip));
    assert.ok(Math.abs(length - n) <= 2);
    assert.ok(offset >= 0 && offset + length <= CLIP);
    const outside = [...samples.subarray(0, offset), ...samples.subarray(offset + length)];
    const inside = samples.subarray(offset, offset + length);
    const signal = 20 * Math.log10(moments(inside).sd / moments(outside).sd);
    assert.ok(Math.abs(signal - ratio) < 3, `clip ${clip}: ${signal} dB, drawn ${ratio}`);
    const loudest = Math.max(...inside.map(Math.abs)) / 32768;
    assert.ok(loudest > 0.9 * peak && loudest < 1.25 * peak);
  }
  assert.deepEqual(place(word(4000), draws.start(7)), place(word(4000), draws.start(7)));
});

test('draws cover their ranges', () => {
  const all = Array.from({ length: 4000 }, (_, i) => drawPlacing(6000, draws.start(i)));
  for (const [key, low, high] of [
    ['offset', 0, 10_000],
    ['peak', 0.2, 0.9],
    ['ratio', 25, 45],
  ] as const) {
    const { mean, sd } = moments(all.map((p) => p[key]));
    assert.ok(Math.abs(mean - (low + high) / 2) < 0.03 * (high - low));
    assert.ok(Math.abs(sd - (high - low) / Math.sqrt(12)) < 0.03 * (high - low));
  }
  assert.ok(Math.abs(all.filter(({ colour }) => colour === 'pink').length - 2000) < 150);
});

test('a long word is cut at 15,200 samples', () => {
  const { samples, length } = place(word(17_000), draws.start(3));
  assert.ok(Math.abs(length - 17_000) <= 2);
  const { offset } = drawPlacing(LONGEST, draws.start(3));
  const after = samples.subarray(offset + LONGEST);
  assert.ok(moments(after).sd < 0.1 * moments(samples.subarray(offset, offset + LONGEST)).sd);
});

test('white noise is flat, pink noise falls by 3 dB an octave', () => {
  const n = 1 << 14;
  // Mean power of bands an octave wide around 250, 1000 and 4000 of 16,000 Hz, by bins.
  const band = (x: Float64Array, low: number): number => {
    let sum = 0;
    let bins = 0;
    for (let k = low; k < 2 * low; k += Math.ceil(low / 32)) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < n; i++) {
        const angle = (2 * Math.PI * ((k * i) % n)) / n;
        re += x[i] * Math.cos(angle);
        im += x[i] * Math.sin(angle);
      }
      sum += re * re + im * im;
      bins++;
    }
    return 10 * Math.log10(sum / bins);
  };
  for (const [colour, slope] of [
    ['white', 0],
    ['pink', -3],
  ] as const) {
    const bands = [0, 1, 2].map((octave) => {
      const powers = Array.from({ length: 3 }, (_, i) => band(noise(colour, n, draws.start(i)), 128 * 4 ** octave));
      return powers.reduce((a, b) => a + b, 0) / 3;
    });
    assert.ok(Math.abs((bands[2] - bands[0]) / 4 - slope) < 0.6, `${colour}: ${bands}`);
  }
});

test('resampled and placed, a sound has these bytes on every engine', () => {
  const hash = createHash('sha256');
  const resampler = new Resampler(22050, 16000);
  for (let clip = 0; clip < 20; clip++) {
    const sound = Float64Array.from({ length: 4410 }, (_, i) => ((i * 7919 + clip * i * i) % 1013) / 1013 - 0.5);
    hash.update(new Uint8Array(place(resampler.apply(sound), draws.start(clip)).samples.buffer));
  }
  assert.equal(hash.digest('hex').slice(0, 16), 'e67b21ec3f3cdaa5');
});
