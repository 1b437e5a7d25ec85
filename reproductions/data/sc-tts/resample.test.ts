import assert from 'node:assert/strict';
import test from 'node:test';
import { Resampler } from './resample.ts';

const tone = (hertz: number, rate: number, n: number, phase = 0.3): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hertz * i) / rate + phase));
/** Power away from the ends, where the silence outside is heard. */
const power = (y: ArrayLike<number>, edge = 200): number => {
  let sum = 0;
  for (let i = edge; i < y.length - edge; i++) sum += y[i] * y[i];
  return sum / (y.length - 2 * edge);
};
const decibel = (ratio: number): number => 10 * Math.log10(ratio);

for (const [from, to, tones] of [
  [22050, 16000, [55, 440, 1000, 3333, 5000, 6500, 6950]],
  [8000, 16000, [100, 1000, 2500, 3450]],
  [16000, 16000, [100, 6900]],
] as const)
  test(`${from} to ${to} Hz: a sine stays that sine, 60 dB above what is added`, () => {
    const resampler = new Resampler(from, to);
    for (const hertz of tones) {
      const y = resampler.apply(tone(hertz, from, from / 2));
      const wanted = tone(hertz, to, y.length);
      const signal = decibel(power(wanted) / power(y.map((v, i) => v - wanted[i])));
      assert.ok(signal > 60, `${hertz} Hz: ${signal.toFixed(1)} dB`);
    }
  });

test('what 16,000 Hz cannot hold is 60 dB down, not folded back', () => {
  const resampler = new Resampler(22050, 16000);
  for (const hertz of [8000, 8100, 8500, 9500, 10900]) {
    const x = tone(hertz, 22050, 11025);
    const left = decibel(power(x) / power(resampler.apply(x)));
    assert.ok(left > 60, `${hertz} Hz: ${left.toFixed(1)} dB`);
  }
});

test('doubling makes no images of low tones', () => {
  const y = new Resampler(8000, 16000).apply(tone(1000, 8000, 4000));
  // 1000 Hz would have its image at 7000 Hz.
  let re = 0;
  let im = 0;
  for (let i = 400; i < 7600; i++) {
    re += y[i] * Math.cos((2 * Math.PI * 7000 * i) / 16000);
    im += y[i] * Math.sin((2 * Math.PI * 7000 * i) / 16000);
  }
  assert.ok(decibel((re * re + im * im) / (0.25 * 7200) ** 2) < -60);
});

test('length, constants and time are kept', () => {
  const resampler = new Resampler(22050, 16000);
  assert.equal(resampler.apply(new Float64Array(22050)).length, 16000);
  assert.equal(resampler.apply(new Float64Array(441)).length, 320);
  assert.equal(resampler.apply(new Float64Array(442)).length, 321);
  assert.equal(resampler.apply([]).length, 0);
  const flat = resampler.apply(new Float64Array(4410).fill(0.25));
  for (let i = 100; i < flat.length - 100; i++) assert.ok(Math.abs(flat[i] - 0.25) < 1e-6);
  const click = new Float64Array(4410);
  click[2205] = 1;
  const heard = resampler.apply(click);
  assert.equal(heard.indexOf(Math.max(...heard)), 1600);
  assert.throws(() => new Resampler(22050.5, 16000), /22050\.5 samples a second/);
});
