import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Draws } from '../draws.ts';
import fixture from '../fixtures/pathfinder-plain.json' with { type: 'json' };
import { PathfinderGenerator } from './contours.ts';
import { drawImages, drawNow } from './native.ts';
import { lraSettings, type PathfinderSize, pathfinderSizes } from './settings.ts';

/** Images per size that the plain generator makes in a second. */
const counts: Record<PathfinderSize, number> = { 32: 200, 64: 20, 128: 20, 256: 20 };

interface Whole {
  pixels: Uint8Array;
  /** Label, origins, tips, attempts. */
  facts: Int32Array;
}

async function native(seed: number, size: PathfinderSize, start: number, count: number): Promise<Whole[]> {
  const all = await drawImages({ seed, size }, { start, count }, { threads: 2, chunk: 7 });
  return Array.from({ length: count }, (_, i) => ({
    pixels: all.pixels.subarray(i * size * size, (i + 1) * size * size),
    facts: Int32Array.of(all.labels[i], ...all.ends.subarray(i * 8, i * 8 + 8), all.attempts[i]),
  }));
}

function plain(seed: number, size: PathfinderSize, start: number, count: number): Whole[] {
  const generator = new PathfinderGenerator(lraSettings[size]);
  const draws = new Draws(seed, `data/pathfinder${size}`);
  return Array.from({ length: count }, (_, i) => {
    const { pixels, label, origins, tips, attempts } = generator.draw(draws.start(start + i));
    return { pixels, facts: Int32Array.of(label, ...origins.flat(), ...tips.flat(), attempts) };
  });
}

function sha256(images: Whole[]): string {
  const hash = createHash('sha256');
  for (const { pixels, facts } of images) hash.update(pixels).update(facts);
  return hash.digest('hex');
}

for (const size of pathfinderSizes)
  test(`${size} x ${size}: native images are those of the plain generator, byte for byte`, async () => {
    const { seed, samples, sha256: expected } = fixture;
    const kept = await native(seed, size, 0, samples);
    assert.equal(sha256(kept), expected[size], `${samples} images that were kept`);
    const n = counts[size];
    for (const [start, count] of [
      [samples, n - 5],
      [4294967290, 5],
    ]) {
      const [here, there] = [await native(n, size, start, count), plain(n, size, start, count)];
      for (let i = 0; i < count; i++) {
        assert.deepEqual([...here[i].facts], [...there[i].facts], `sample ${start + i}`);
        assert.equal(Buffer.compare(here[i].pixels, there[i].pixels), 0, `pixels of sample ${start + i}`);
      }
    }
    assert.equal(sha256(plain(seed, size, 0, 3)), sha256(kept.slice(0, 3)));
  });

test('at once or on threads: the same', async () => {
  const range = { start: 3, count: 40 };
  assert.deepEqual(
    drawNow({ seed: 4, size: 64 }, range),
    await drawImages({ seed: 4, size: 64 }, range, { threads: 2, chunk: 9 }),
  );
});

test('any number of threads and any cut of the range make the same images', async () => {
  const [one, ...others] = await Promise.all(
    [1, 2, 3].map((threads) =>
      drawImages({ seed: 1, size: 32 }, { start: 50, count: 101 }, { threads, chunk: [50, 17, 1][threads - 1] }),
    ),
  );
  for (const other of others) assert.deepEqual(other, one);
  const part = await drawImages({ seed: 1, size: 32 }, { start: 60, count: 5 }, { threads: 1 });
  assert.deepEqual(part.pixels, one.pixels.slice(10 * 1024, 15 * 1024));
  assert.notDeepEqual(
    (await drawImages({ seed: 2, size: 32 }, { start: 60, count: 5 }, { threads: 1 })).pixels,
    part.pixels,
  );
});

test('an aborted run ends with the reason, after the work in hand', async () => {
  const controller = new AbortController();
  const options = { threads: 2, signal: controller.signal, progress: () => controller.abort(new Error('enough')) };
  await assert.rejects(drawImages({ seed: 1, size: 32 }, { start: 0, count: 10_000 }, options), /enough/);
});
