import assert from 'node:assert/strict';
import test from 'node:test';
import { BAND_FEATURES, logBands } from './log-bands.ts';
import { CLIP } from './words.ts';

const features = (samples: Int16Array): Float32Array => {
  const into = new Float32Array(BAND_FEATURES + 1);
  logBands(samples, into, 1);
  return into.subarray(1);
};
/** A tone of 0.3 s that begins at `start`. */
const tone = (hertz: number, start: number): Int16Array =>
  Int16Array.from({ length: CLIP }, (_, i) =>
    i >= start && i < start + 4800 ? 10_000 * Math.sin((2 * Math.PI * hertz * (i - start)) / CLIP) : 0,
  );

test('24 steps of 32 bands; a higher tone lies in a higher band', () => {
  assert.equal(BAND_FEATURES, 768);
  const bands = [150, 400, 1000, 2500, 6000].map((hertz) => {
    const middle = features(tone(hertz, 5600)).subarray(12 * 32, 13 * 32);
    return middle.indexOf(Math.max(...middle));
  });
  assert.deepEqual(
    bands,
    [...new Set(bands)].sort((a, b) => a - b),
  );
  assert.ok(bands[0] < 4 && bands[4] > 26);
});

test('where the word stands does not matter', () => {
  const [early, late] = [features(tone(1000, 200)), features(tone(1000, 10_000))];
  for (let i = 0; i < BAND_FEATURES; i++) assert.ok(Math.abs(early[i] - late[i]) < 0.2, `${i}: ${early[i]} ${late[i]}`);
});

test('the energy of a band is that of the windows, by plain sums', () => {
  const samples = tone(1000, 5600);
  const step = features(samples).subarray(12 * 32, 13 * 32);
  // 1000 Hz is bin 32; windows 48..51 lie within the tone. A window of amplitude a has |X|^2 = (a sum of Hann / 2)^2 there.
  let energy = 0;
  for (let window = 48; window < 52; window++)
    for (const bin of [30, 31, 32, 33, 34]) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < 400; i++) {
        const value = (samples[window * 160 + i] / 32768) * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / 399));
        re += value * Math.cos((2 * Math.PI * bin * i) / 512);
        im -= value * Math.sin((2 * Math.PI * bin * i) / 512);
      }
      energy += (re * re + im * im) / 4;
    }
  // The triangles of neighbouring bands sum to 1.
  const total = step.reduce((sum, log) => sum + Math.exp(log) - 1e-6, 0);
  assert.ok(Math.abs(total / energy - 1) < 0.02, `${total} ${energy}`);
});

test('silence gives the floor', () => {
  for (const value of features(new Int16Array(CLIP))) assert.ok(Math.abs(value - Math.log(1e-6)) < 1e-5);
});
