import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { holds } from './comparison.ts';
import { splitNames } from './dataset.ts';
import { Draws } from './draws.ts';
import statistics from './fixtures/pathfinder-statistics.json' with { type: 'json' };
import { comparePathfinder } from './pathfinder/compare.ts';
import { PathfinderGenerator } from './pathfinder/contours.ts';
import { compareEnds } from './pathfinder/ends.ts';
import { compareFirstPaddles } from './pathfinder/first-paddles.ts';
import { Geometry } from './pathfinder/geometry.ts';
import { resize } from './pathfinder/lanczos.ts';
import { drawImages } from './pathfinder/native.ts';
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

const counts: Record<PathfinderSize, number> = { 32: 5000, 64: 2000, 128: 2000, 256: 2000 };

for (const size of pathfinderSizes)
  test(`${counts[size]} images of ${size} x ${size} have the statistics of the published generator`, async () => {
    const n = counts[size];
    const { pixels, labels, ends, attempts } = await drawImages(
      { seed: 5, size },
      { start: 0, count: n },
      { threads: 2 },
    );
    const images = Array.from({ length: n }, (_, i) => ({
      ...{ pixels: pixels.subarray(i * size * size, (i + 1) * size * size), label: labels[i] },
    }));
    const rows = [...comparePathfinder(size, images), ...compareEnds(size, { ends, attempts })];
    assert.equal(rows.length, 20);
    for (const row of rows) assert.ok(holds(row), `${JSON.stringify(row)}`);
  });

test('images of another kind do not pass', async () => {
  const size = 32;
  const { pixels, labels, ends, attempts } = await drawImages(
    { seed: 5, size },
    { start: 0, count: 2000 },
    { threads: 2 },
  );
  const failing = (change: (pixel: number, at: number) => number, label = (i: number) => labels[i]) =>
    comparePathfinder(
      size,
      Array.from({ length: 2000 }, (_, i) => ({
        pixels: Uint8Array.from({ length: 1024 }, (_, at) => change(pixels[i * 1024 + at], at)),
        label: label(i),
      })),
    )
      .filter((row) => !holds(row))
      .map(({ quantity }) => quantity);
  assert.deepEqual(
    failing((v) => v),
    [],
  );
  assert.ok(failing((v) => v * 0.9).includes('pixels above 127'));
  assert.ok(failing((_, at) => pixels[(at * 31) % 1024]).includes('correlation with the right neighbour'));
  assert.ok(failing((v, at) => (at < 128 ? 0 : v)).includes('grey level of the outermost ring'));
  assert.deepEqual(
    failing(
      (v) => v,
      (i) => (i % 3 ? 1 : 0),
    ),
    ['label 1'],
  );
  const bright = (i: number) => pixels.subarray(i * 1024, (i + 1) * 1024).reduce((a, b) => a + b, 0) / 1024 > 20.17;
  assert.ok(
    failing(
      (v) => v,
      (i) => (bright(i) ? 1 : 0),
    ).includes('grey level by label, 0 and 1'),
  );
  const wrong = (ends: Int32Array, tries = attempts) =>
    compareEnds(size, { ends, attempts: tries })
      .filter((row) => !holds(row))
      .map(({ quantity }) => quantity);
  assert.deepEqual(wrong(ends), []);
  assert.deepEqual(
    wrong(
      ends,
      attempts.map((k) => k >> 1),
    ),
    ['attempts at the two contours'],
  );
  const swapped = ends.map((_, at) => ends[at - (at % 8) + ((at + 4) % 8)]);
  assert.ok(wrong(swapped).some((quantity) => quantity.startsWith('first origins: rows')));
  // Second origins that lie one row nearer to the first.
  const nearer = ends.map((v, at) => (at % 8 === 2 ? v + Math.sign(ends[at - 2] - v) : v));
  assert.ok(wrong(nearer).includes('distance of the origins, 5 25 50 75 95 %'));
  const returning = ends.map((v, at) => (at % 8 < 4 ? v : ends[at - 4]));
  assert.deepEqual(
    wrong(returning).map((quantity) => quantity.slice(0, 16)),
    ['distance of the ', 'distance of ends'],
  );
});

test('the trace of the corner rule is seen where it is, and not where images are turned', async () => {
  const { pixels } = await drawImages({ seed: 1, size: 32 }, { start: 0, count: 2000 }, { threads: 2 });
  const shares = (turn: (at: number) => number) =>
    compareFirstPaddles(
      Array.from({ length: 2000 }, (_, i) => ({
        pixels: Uint8Array.from({ length: 1024 }, (_, at) => pixels[i * 1024 + turn(at)]),
        label: 0,
      })),
    ).map(({ here }) => Number(here));
  const [found, upLeft] = shares((at) => at);
  const { share, up_left } = statistics.first_paddles;
  assert.ok(Math.abs(found - share) < 0.06 && Math.abs(upLeft - up_left) < 0.08, `${found} ${upLeft}`);
  assert.ok(shares((at) => 1023 - at)[1] < 0.2);
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
