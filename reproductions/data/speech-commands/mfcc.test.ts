import assert from 'node:assert/strict';
import test from 'node:test';
import { MFCC_COEFFICIENTS, MFCC_STEPS, mfcc } from './mfcc.ts';
import { CLIP } from './words.ts';

const samples = Int16Array.from({ length: CLIP }, (_, i) => {
  const envelope = Math.min(1, Math.max(0, (i - 2000) / 3000)) * Math.max(0, Math.min(1, (12_000 - i) / 2000));
  return Math.trunc((((i * i * 31 + i * 7919) % 20_011) - 10_005) * envelope);
});

/** numpy and scipy from the same definition: pad(mode='reflect'), rfft, triangles as a matrix, dct(norm='ortho'). */
const step50 = [
  ...[2.040960054, -10.014587115, -8.941175302, -4.562431035, -4.310785691, -4.080780871, -4.00788988, -4.044463306],
  ...[-2.67139204, -0.755713572, 0.305224512, -1.246785387, -1.661752017, -1.025500356, -1.17591739, -1.898728623],
  ...[0.483610066, 0.708180348, 0.454135168, -0.256034135],
];

test('MFCC as numpy computes them', () => {
  const found = mfcc(samples, 2 ** -15);
  assert.equal(found.length, MFCC_STEPS * MFCC_COEFFICIENTS);
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-8, `${a} ${b}`);
  for (let k = 0; k < 20; k++) near(found[50 * 20 + k], step50[k]);
  // Silence: log(10^-6) in all 64 bands.
  near(found[0], -110.524084464);
  near(found[1], 0);
  assert.ok(Math.abs(found.reduce((a, b) => a + b, 0) + 11_898.154114006693) < 1e-5);
});

test('divided by 2^15 twice, 10^-6 drowns the sound', () => {
  const found = mfcc(samples, 2 ** -30);
  [-110.501361542, -0.008548537, -0.009144383, 0.002936177].forEach((value, k) => {
    assert.ok(Math.abs(found[50 * 20 + k] - value) < 1e-8);
  });
});
