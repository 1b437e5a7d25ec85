import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import test, { after, before } from 'node:test';
import { pixelFeatures } from '../baselines/features.ts';
import { ridge } from '../baselines/ridge.ts';
import { holds, moments } from '../comparison.ts';
import { Draws } from '../draws.ts';
import { imageMoments } from '../image/statistics.ts';
import { compareTextures } from './compare.ts';
import { drawField, textureClasses } from './fields.ts';
import { CONTRAST, PIXELS } from './generator.ts';
import { spectrumOf } from './spectrum.ts';
import { generateTextures, labelOf, openTextures, textureNormalisation } from './texture10.ts';

const IMAGE = 3 * PIXELS;
const environment = process.env.LONGCONV_CACHE;
let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'longconv-texture-'));
  process.env.LONGCONV_CACHE = root;
});
after(() => {
  if (environment === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = environment;
  rmSync(root, { recursive: true });
});

const made = (count: number, more: { seed?: number; snr?: number; start?: number } = {}) => {
  const { seed = 0, snr = 1, start = 0 } = more;
  const { pixels, labels } = generateTextures({ seed, snr, split: 'train' }, { start, count });
  return { pixels: pixels as Uint8Array, labels: labels as Uint8Array };
};

test('5,000 images have the statistics of the generator', { timeout: 60_000 }, () => {
  const { pixels, labels } = made(5_000);
  const rows = compareTextures(pixels, labels);
  assert.equal(rows.length, 57);
  assert.deepEqual(
    rows.filter((row) => !holds(row)),
    [],
  );
  const { mean, sd, grayMean, graySd } = imageMoments(pixels, PIXELS);
  // One image's mean has an sd of 0.13, so that of 5,000 of 0.0018; five of them.
  for (const [c, [m, s]] of textureNormalisation.rgb.entries()) {
    assert.ok(Math.abs(mean[c] - m) < 0.01, `mean ${mean[c]}`);
    assert.ok(Math.abs(sd[c] - s) < 0.006, `sd ${sd[c]}`);
  }
  assert.ok(Math.abs(grayMean / 255 - textureNormalisation.gray[0]) < 0.008);
  assert.ok(Math.abs(graySd / 255 - textureNormalisation.gray[1]) < 0.005);
});

test('the statistics tell other noise, other classes and other colours', { timeout: 60_000 }, () => {
  const broken = (pixels: Uint8Array, labels: Uint8Array) =>
    compareTextures(pixels, labels)
      .filter((row) => !holds(row))
      .map(({ quantity }) => quantity);
  const noisy = made(500, { snr: 0.5 });
  assert.ok(broken(noisy.pixels, noisy.labels).some((row) => /power at 9.5/.test(row)));
  const { pixels, labels } = made(500);
  assert.ok(
    broken(
      pixels,
      labels.map((label) => (label + 1) % 10),
    ).length > 10,
  );
  assert.deepEqual(
    broken(
      pixels.map((v) => Math.min(255, v + 25)),
      labels,
    ).filter((row) => row.startsWith('mean of')),
    [...['mean of red', 'mean of green', 'mean of blue']],
  );
});

test('images are the same to the bit, in every engine and however the work is spread', {
  timeout: 60_000,
}, async () => {
  const digest = createHash('sha256').update(made(40).pixels).digest('hex');
  assert.equal(digest, '42356b77b3f2ad3fea26a64409f3c1d07b050d855b01d9ea7f6f7b95df8dfb7c');
  const later = made(10, { start: 30 });
  assert.deepEqual(later.pixels, made(40).pixels.slice(30 * IMAGE));
  const sizes = { train: 600, validation: 20, test: 10 };
  const one = await openTextures({ sizes, workers: 1 });
  rmSync(join(root, 'img-texture10'), { recursive: true });
  const two = await openTextures({ sizes, workers: 2 });
  assert.equal(two.checksum, one.checksum);
  assert.deepEqual(two.batch('train', [599]), one.batch('train', [599]));
  assert.deepEqual(two.image('train', 39), made(40).pixels.slice(39 * IMAGE));
});

test('splits differ, classes take turns, and the cache is used', async () => {
  const sizes = { train: 30, validation: 30, test: 30 };
  const data = await openTextures({ sizes });
  assert.equal(data.kind, 'stand-in:img-texture10');
  assert.deepEqual(data.sizes, sizes);
  for (const split of ['train', 'validation', 'test'] as const)
    assert.deepEqual(data.labelCounts(split), new Array(10).fill(3));
  const seen = new Set(
    (['train', 'validation', 'test'] as const).flatMap((split) =>
      Array.from({ length: 30 }, (_, i) => createHash('sha1').update(data.image(split, i)).digest('hex')),
    ),
  );
  assert.equal(seen.size, 90);
  const files = readdirSync(join(root, 'img-texture10')).length;
  assert.equal((await openTextures({ sizes })).checksum, data.checksum);
  assert.equal(readdirSync(join(root, 'img-texture10')).length, files);
  assert.notEqual((await openTextures({ sizes, seed: 1 })).checksum, data.checksum);
  assert.notEqual((await openTextures({ sizes, snr: 2 })).checksum, data.checksum);
  assert.deepEqual((await openTextures({ sizes, gray: true })).input, { kind: 'real', dims: 1 });
  await assert.rejects(() => openTextures({ sizes: { train: 0 } }), /needs one image at least, not 0/);
  await assert.rejects(() => openTextures({ sizes: { train: 1e6 } }), /do not fit in memory/);
  await assert.rejects(() => openTextures({ snr: 0 }), /ratio must be above 0, not 0/);
  await assert.rejects(() => openTextures({ folder: root }), /reads no folder/);
});

test('noise is white, of the stated power, and independent in the channels', () => {
  // The same draws with hardly any noise: what is left of the difference is the noise, where nothing was clipped.
  const [noisy, clean] = [made(300), made(300, { snr: 1e9 })];
  const noise: number[] = [];
  const products = { right: [] as number[], below: [] as number[], channel: [] as number[] };
  const at = (i: number) => noisy.pixels[i] - clean.pixels[i];
  const inside = (i: number) => clean.pixels[i] > 120 && clean.pixels[i] < 136;
  for (let image = 0; image < 300; image++)
    for (let p = 0; p < PIXELS - 32; p++) {
      const i = image * IMAGE + p;
      if (!inside(i)) continue;
      noise.push(at(i));
      if (p % 32 < 31 && inside(i + 1)) products.right.push(at(i) * at(i + 1));
      if (inside(i + 32)) products.below.push(at(i) * at(i + 32));
      if (inside(i + PIXELS)) products.channel.push(at(i) * at(i + PIXELS));
    }
  const { mean, sd, n } = moments(noise);
  assert.ok(n > 10_000);
  assert.ok(Math.abs(mean) < (5 * CONTRAST) / Math.sqrt(n), `mean ${mean}`);
  // Relative error of an sd: 1 / sqrt(2 n). The two roundings add 1/6 to the variance.
  assert.ok(Math.abs(sd / Math.hypot(CONTRAST, Math.sqrt(1 / 6)) - 1) < 5 / Math.sqrt(2 * n), `sd ${sd}`);
  for (const [where, values] of Object.entries(products)) {
    const correlation = moments(values).mean / CONTRAST ** 2;
    assert.ok(Math.abs(correlation) < 5 / Math.sqrt(values.length), `${where}: ${correlation} of ${values.length}`);
  }
});

test('every field has the spectrum that its name promises', { timeout: 60_000 }, () => {
  const draws = new Draws(5, 'test/fields');
  const field = new Float64Array(PIXELS);
  const spectra = textureClasses.map((name, label) => {
    const each = Array.from({ length: 120 }, (_, i) => {
      drawField(label, draws.start(i), field);
      const { mean, sd } = moments(field);
      assert.ok(sd > 0, name);
      const gray = Uint8Array.from(field, (v) => Math.max(0, Math.min(255, Math.round(128 + (40 * (v - mean)) / sd))));
      return spectrumOf(Uint8Array.from([...gray, ...gray, ...gray]));
    });
    const share = (b: number) => moments(each.map(({ shares }) => shares[b])).mean;
    return {
      low: share(0),
      middle: share(1) + share(2),
      high: share(3),
      direction: moments(each.map((e) => e.direction)).mean,
    };
  });
  const of = Object.fromEntries(textureClasses.map((name, label) => [name, spectra[label]]));
  for (const name of ['stripes', 'brushed']) assert.ok(of[name].direction > 0.75, `${name}: ${of[name].direction}`);
  for (const name of ['checks', 'grain', 'rings'])
    assert.ok(of[name].direction < 0.3, `${name}: ${of[name].direction}`);
  for (const name of ['gradient', 'clouds', 'blobs', 'mosaic'])
    assert.ok(of[name].low > 0.55, `${name}: ${of[name].low}`);
  for (const name of ['stripes', 'checks', 'rings', 'grain'])
    assert.ok(of[name].middle > 0.7, `${name}: ${of[name].middle}`);
  assert.ok(of.strokes.high > 0.1 && of.strokes.high < 0.5, `${of.strokes.high}`);
});

test('pixels tell little to a linear model', { timeout: 60_000 }, async () => {
  const data = await openTextures({ sizes: { train: 800, validation: 200, test: 500 } });
  const [train, validation, held] = (['train', 'validation', 'test'] as const).map((split) =>
    pixelFeatures(data, split),
  );
  const { test: accuracy } = await ridge(train, validation, held, { classes: 10, lambdas: [300, 3000] });
  // Chance is 0.1; the mean colours of the classes and what lies in the middle are known to it.
  assert.ok(accuracy > 0.12 && accuracy < 0.4, `accuracy ${accuracy}`);
  assert.equal(labelOf(123), 3);
});
