import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { FormatError } from './format-error.ts';
import { type Sample, samples } from './samples.ts';

/** Seconds that one damaged file may take, and MiB that all of one format may leave behind. */
const LONGEST = 2;
const LARGEST = 300;

type Outcome = { error: unknown } | { value: unknown };

async function outcome(sample: Sample, bytes: Uint8Array): Promise<Outcome> {
  const started = performance.now();
  try {
    return { value: await sample.read(bytes) };
  } catch (error) {
    return { error };
  } finally {
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds < LONGEST, `${sample.name}: a damaged file took ${seconds} s`);
  }
}

function requireFormatError(found: Outcome, what: string): void {
  if (!('error' in found)) return;
  assert.ok(found.error instanceof FormatError, `${what}: ${(found.error as Error)?.stack ?? found.error}`);
  assert.doesNotMatch(found.error.message, /\n|undefined|NaN|\[object/, what);
  assert.match(found.error.message, /sample/, what);
}

for (const sample of samples) {
  test(`${sample.name}: cut at every byte`, async () => {
    assert.ok('value' in (await outcome(sample, sample.bytes)), 'the sample itself reads');
    const step = Math.max(1, Math.floor(sample.bytes.length / 1500));
    for (let n = 0; n < sample.bytes.length - (sample.spare ?? 0); n += step) {
      const found = await outcome(sample, sample.bytes.slice(0, n));
      requireFormatError(found, `first ${n} bytes`);
      if (!sample.hasNoEnd && !sample.borders?.includes(n))
        assert.ok('error' in found, `the first ${n} of ${sample.bytes.length} bytes pass as a whole file`);
    }
  });

  test(`${sample.name}: every byte changed`, async () => {
    const whole = await outcome(sample, sample.bytes);
    const before = process.memoryUsage().rss;
    const step = Math.max(1, Math.floor(sample.bytes.length / 700));
    for (let at = 0; at < sample.bytes.length; at += step)
      for (const mask of [0x01, 0x80, 0xff]) {
        const bytes = Uint8Array.from(sample.bytes);
        bytes[at] ^= mask;
        const found = await outcome(sample, bytes);
        requireFormatError(found, `byte ${at} ^ ${mask}`);
        if (sample.isChecked && 'value' in found)
          assert.ok(isDeepStrictEqual(found, whole), `byte ${at} ^ ${mask}: other content passes unnoticed`);
      }
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    assert.ok(grown < LARGEST, `${sample.name}: ${grown.toFixed(0)} MiB were taken`);
  });
}
