import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { splitNames } from './dataset.ts';
import { Draws } from './draws.ts';
import statistics from './fixtures/pathfinder-statistics.json' with { type: 'json' };
import { components } from './pathfinder/compare.ts';
import { PathfinderGenerator, type PathfinderImage } from './pathfinder/contours.ts';
import { Geometry } from './pathfinder/geometry.ts';
import { resize } from './pathfinder/lanczos.ts';
import { lraSettings, type PathfinderSize, pathfinderSizes } from './pathfinder/settings.ts';
import { openPathfinder, type Pathfinder, type PathfinderOptions } from './pathfinder.ts';

let folder = '';
const previous = process.env.LONGCONV_CACHE;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-pathfinder-'));
  process.env.LONGCONV_CACHE = folder;
});
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

/** Number of images per size: enough to tell a wrong rule, few enough for a test. */
const counts: Record<PathfinderSize, number> = { 32: 300, 64: 60, 128: 40, 256: 40 };

const mean = (v: number[]) => v.reduce((a, b) => a + b, 0) / v.length;
const deviation = (v: number[]) => {
  const centre = mean(v);
  return Math.sqrt(mean(v.map((x) => (x - centre) ** 2)));
};
const distance = (a: number[], b: number[]) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const median = (v: number[]) => v.toSorted((a, b) => a - b)[v.length >> 1];
const share = (images: PathfinderImage[], above: number) =>
  mean(images.map((image) => image.pixels.filter((p) => p > above).length / image.pixels.length));

/** Correlation of all pixels with their neighbours at (dy, dx). */
function correlation(images: PathfinderImage[], size: number, dy: number, dx: number): number {
  const a: number[] = [];
  const b: number[] = [];
  for (const { pixels } of images)
    for (let y = 0; y + dy < size; y++)
      for (let x = 0; x + dx < size; x++) {
        a.push(pixels[y * size + x]);
        b.push(pixels[(y + dy) * size + x + dx]);
      }
  const [ma, mb] = [mean(a), mean(b)];
  return mean(a.map((v, i) => (v - ma) * (b[i] - mb))) / (deviation(a) * deviation(b));
}

for (const size of pathfinderSizes)
  test(`${size} x ${size} images have the statistics of the published generator`, () => {
    const generator = new PathfinderGenerator(lraSettings[size]);
    const draws = new Draws(5, 'test');
    const n = counts[size];
    const images = Array.from({ length: n }, (_, i) => generator.draw(draws.start(i)));
    const reference = statistics[size];
    // Means: within 4 standard errors of the difference of the two samples.
    const within = (name: string, values: number[], expected: { mean: number; sd: number }) => {
      const error = expected.sd * Math.sqrt(1 / n + 1 / reference.n) + deviation(values) / Math.sqrt(n) / 2;
      const off = Math.abs(mean(values) - expected.mean);
      assert.ok(off < 4 * error, `${name}: ${mean(values)} instead of ${expected.mean} (standard error ${error})`);
    };
    const near = (name: string, value: number, expected: number, relative: number) =>
      assert.ok(Math.abs(value / expected - 1) < relative, `${name}: ${value} instead of ${expected}`);
    within(
      'mean grey level',
      images.map((image) => mean([...image.pixels])),
      reference.pixel_mean_per_image,
    );
    within(
      'components',
      images.map((image) => components(image.pixels, size)),
      reference.components_gt64_8conn,
    );
    near('pixels above 64', share(images, 64), reference.frac_gt_64, 0.05);
    near('pixels above 127', share(images, 127), reference.frac_gt_127, 0.06);
    near('pixels above 0', share(images, 0), reference.frac_nonzero, 0.05);
    if (size < 128) {
      near('correlation with the right neighbour', correlation(images, size, 0, 1), reference.autocorr.h1, 0.04);
      near('correlation with the lower neighbour', correlation(images, size, 1, 0), reference.autocorr.v1, 0.04);
    }
    // The contours: distances within the reference's range, medians within 20 % (both from 40 to 300 images).
    const [nearest, , , , , , farthest] = reference.origin_to_origin_distance;
    for (const { origins } of images) {
      const d = distance(origins[0], origins[1]);
      assert.ok(d > nearest - 1 && d < farthest + 1, `origins ${d} apart`);
      for (const [axis, range] of [reference.first_origin_row_range, reference.first_origin_col_range].entries())
        assert.ok(origins[0][axis] >= range[0] - 3 && origins[0][axis] <= range[1] + 3, `origin at ${origins[0]}`);
    }
    const pairs = images.flatMap(({ origins, tips }) => [0, 1].map((k) => ({ origins, tips, k })));
    const same = median(pairs.map(({ origins, tips, k }) => distance(origins[k], tips[k])));
    const cross = median(pairs.map(({ origins, tips, k }) => distance(origins[k], tips[1 - k])));
    near('distance of the ends of one contour', same, reference.same_snake_tip_distance[3], 0.2);
    near('distance of the ends of different contours', cross, reference.cross_snake_tip_distance[3], 0.2);
    const ones = mean(images.map((image) => image.label));
    assert.ok(Math.abs(ones - 0.5) < 2 / Math.sqrt(n), `label 1 in ${ones} of the images`);
  });

test('the first paddle takes only the angles that OpenCV left to the published generator', () => {
  const usable = (size: PathfinderSize, margin: number) => {
    const geometry = new Geometry(lraSettings[size], margin);
    return Array.from({ length: 360 }, (_, i) => i - 180).filter((degrees) => geometry.seed(degrees + 180).usable);
  };
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  assert.deepEqual(usable(32, 1), range(-150, -121));
  assert.deepEqual(usable(64, 1), [...range(-180, -136), ...range(-134, -85)]);
  assert.deepEqual(usable(128, 2), [...range(-180, -60), ...range(-53, 179)]);
  assert.equal(usable(256, 3).length, 360);
});

test('reduction keeps flat images flat, keeps sums, and stays within 0..255', () => {
  assert.ok(resize(new Uint8Array(41 * 41).fill(200), 41, 41, 21, 21).every((v) => v === 200));
  const dot = new Uint8Array(64 * 64);
  for (let y = 24; y < 40; y++) dot.fill(255, y * 64 + 20, y * 64 + 36);
  const small = resize(dot, 64, 64, 32, 32);
  const sum = small.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum / (255 * 64) - 1) < 0.08, `${sum}`);
  assert.equal(small[16 * 32 + 14], 255);
});

test('discs sit on one contour exactly when the label is 1', () => {
  const generator = new PathfinderGenerator(lraSettings[256]);
  const draws = new Draws(6, 'test');
  for (let i = 0; i < 20; i++) {
    const { pixels, label, origins, tips } = generator.draw(draws.start(i));
    const bright = ([y, x]: number[]) => pixels[(y + 3) * 256 + x + 1] > 225 && pixels[(y - 2) * 256 + x - 3] > 225;
    const marked = [bright(origins[0]), bright(origins[1]), bright(tips[0]), bright(tips[1])];
    const expected = [true, false].map((first) =>
      label ? [first, !first, first, !first] : [first, !first, !first, first],
    );
    assert.ok(
      expected.some((e) => e.join() === marked.join()),
      `label ${label}, discs ${marked}`,
    );
  }
});

test('the data set: same samples from any number of workers, from the cache, and in a larger set', async () => {
  const sizes = { train: 70, validation: 10, test: 10 };
  const one = await openPathfinder({ sizes, workers: 1 });
  rmSync(folder, { recursive: true });
  const two = await openPathfinder({ sizes, workers: 2 });
  const kept = await openPathfinder({ sizes });
  const larger = await openPathfinder({ sizes: { ...sizes, train: 80 } });
  assert.equal(two.checksum, one.checksum);
  assert.equal(kept.checksum, one.checksum);
  assert.deepEqual(larger.image('train', 69), one.image('train', 69));
  assert.equal(
    one.labelCounts('train').reduce((a, b) => a + b),
    70,
  );

  const { x, lengths, targets, B, L } = one.batch('validation', [2, 7]);
  assert.deepEqual([B, L, lengths, x.length], [2, 1024, null, 2048]);
  const image = one.image('validation', 7);
  for (let i = 0; i < L; i++) assert.ok(Math.abs(x[L + i] - (image[i] / 127.5 - 1)) < 1e-6);
  assert.deepEqual([...targets], [one.label('validation', 2), one.label('validation', 7)]);
  assert.throws(() => one.batch('test', [10]), /no sample 10 in test, which has 10/);
  await assert.rejects(openPathfinder({ size: 48 as 32 }), /32, 64, 128 or 256, not 48/);
});

/** What is said on stderr meanwhile. */
async function listening(act: () => Promise<void>): Promise<string[]> {
  const said: string[] = [];
  const log = console.error;
  console.error = (line: string) => said.push(line);
  try {
    await act();
  } finally {
    console.error = log;
  }
  return said;
}

const everything = (data: Pathfinder) =>
  splitNames.map((split) => data.batch(split, [...Array(data.sizes[split]).keys()]));
const filesOfSet = () =>
  readdirSync(join(folder, 'pathfinder32'))
    .filter((name) => name.endsWith('.lcd'))
    .map((name) => join(folder, 'pathfinder32', name));

test('damage that is found when the data are used: the file is named, set aside and made again at once', async () => {
  rmSync(folder, { recursive: true });
  const sizes = { train: 400, validation: 5, test: 5 };
  const good = everything(await openPathfinder({ sizes }));
  for (const path of filesOfSet()) {
    const bytes = readFileSync(path);
    bytes[bytes.length - 20] ^= 0xff;
    writeFileSync(path, bytes);
  }
  const said = await listening(async () => {
    const again = await openPathfinder({ sizes });
    // The first block of 256 images is whole.
    again.batch('train', [0, 255]);
    assert.deepEqual(everything(again), good);
    assert.deepEqual(everything(again), good);
  });
  assert.equal(said.length, 3);
  assert.match(
    said[0],
    /train-0-.*corrupt \(the checksum of block 1 of 2 .*set aside as .*\.corrupt-1, making it again/,
  );
  assert.equal(filesOfSet().length, 3);
  assert.deepEqual(await listening(async () => void everything(await openPathfinder({ sizes }))), []);
});

test('damage that is found when a set is opened, and a file that goes away under it', async () => {
  rmSync(folder, { recursive: true });
  const sizes = { train: 40, validation: 5, test: 5 };
  const first = await openPathfinder({ sizes });
  const good = everything(first);
  first.close();
  const [test, train] = filesOfSet().sort();
  truncateSync(test, 5000);
  const bytes = readFileSync(train);
  bytes[60] ^= 1;
  writeFileSync(train, bytes);
  const said = await listening(async () => {
    const again = await openPathfinder({ sizes });
    assert.equal(again.checksum, first.checksum);
    for (const path of filesOfSet()) rmSync(path);
    assert.deepEqual(everything(again), good);
  });
  assert.match(said[0], /train-0-.* is corrupt \(the checksum of its header does not match\)/);
  assert.match(said[1], /test-0-.* is corrupt \(it has 5000 bytes instead of \d+\)/);
  assert.deepEqual(
    said.slice(2).map((line) => /(\w+)-0-.* is gone: making it again/.exec(line)?.[1]),
    ['train', 'validation', 'test'],
  );
});

test('grey values centred, not centred, and as tokens', async () => {
  const sizes = { train: 3, validation: 1, test: 1 };
  const centered = await openPathfinder({ sizes });
  const plain = await openPathfinder({ sizes, center: false });
  const tokens = await openPathfinder({ sizes, tokenize: true });
  const image = centered.image('train', 2);
  assert.deepEqual(centered.input, { kind: 'real', dims: 1 });
  assert.deepEqual(tokens.input, { kind: 'tokens', vocabulary: 256, padding: 0 });
  assert.deepEqual(tokens.batch('train', [2]).x, Int32Array.from(image));
  assert.deepEqual(
    plain.batch('train', [2]).x,
    Float32Array.from(image, (v) => v / 255),
  );
  const { x } = centered.batch('train', [2]);
  assert.deepEqual([Math.min(...x), Math.max(...x)], [-1, 1]);
  assert.deepEqual(tokens.checksum, centered.checksum);
});

test('a set opens again in a worker as it is here', async () => {
  const data = await openPathfinder({ sizes: { train: 3, validation: 1, test: 1 }, center: false, seed: 3 });
  const { module, name, settings } = data.reopen;
  const again = await ((await import(module))[name] as typeof openPathfinder)(settings as PathfinderOptions);
  assert.equal(again.checksum, data.checksum);
  assert.deepEqual(everything(again), everything(data));
});
