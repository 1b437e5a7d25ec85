import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Draws } from '../draws.ts';
import { PathfinderGenerator } from './contours.ts';
import { drawImages } from './native.ts';
import { lraSettings, type PathfinderSize, pathfinderSizes } from './settings.ts';

/** Images per size that the plain generator can make in a few seconds. */
const counts: Record<PathfinderSize, number> = { 32: 500, 64: 110, 128: 110, 256: 110 };

for (const size of pathfinderSizes)
  test(`${size} x ${size}: native images are those of the plain generator, byte for byte`, async () => {
    for (const [seed, start, count] of [
      [0, 0, counts[size] - 10],
      [7, 4294967280, 10],
    ]) {
      const native = await drawImages({ seed, size }, { start, count }, { threads: 2, chunk: 7 });
      const generator = new PathfinderGenerator(lraSettings[size]);
      const draws = new Draws(seed, `data/pathfinder${size}`);
      for (let i = 0; i < count; i++) {
        const plain = generator.draw(draws.start(start + i));
        const name = `seed ${seed}, sample ${start + i}`;
        assert.equal(native.labels[i], plain.label, name);
        assert.equal(native.attempts[i], plain.attempts, name);
        assert.deepEqual(
          [...native.ends.subarray(i * 8, i * 8 + 8)],
          [...plain.origins.flat(), ...plain.tips.flat()],
          name,
        );
        const pixels = native.pixels.subarray(i * size * size, (i + 1) * size * size);
        assert.equal(Buffer.compare(pixels, plain.pixels), 0, name);
      }
    }
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
