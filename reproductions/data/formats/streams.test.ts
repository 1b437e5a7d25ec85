import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { collect } from './byte-stream.ts';
import { compression } from './decompress.ts';
import { FormatError, MissingToolError } from './format-error.ts';
import { contentOf, inChunks, noise, zstdFrame } from './samples.ts';
import { unxz } from './xz.ts';
import { unzstd } from './zstd.ts';

const parts = [noise(70_000, 1), new Uint8Array(0), Buffer.from('line\n'), noise(300_000, 2)];
const whole = Buffer.concat(parts);
const hasXz = spawnSync('xz', ['--version']).status === 0;

/** Through a file: Deno's execFileSync waits forever on an input that is larger than a pipe holds. */
function xz(bytes: Uint8Array): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'longconv-xz-'));
  try {
    writeFileSync(join(folder, 'x'), bytes);
    return execFileSync('xz', ['-c', join(folder, 'x')], { maxBuffer: 1 << 24 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function refuses(bytes: Uint8Array, reason: RegExp, offset?: number): Promise<void> {
  await assert.rejects(contentOf(inChunks(bytes, 1000)), (error) => {
    assert.ok(error instanceof FormatError, String(error));
    assert.match(error.message, reason);
    if (offset !== undefined) assert.equal(error.offset, offset);
    return true;
  });
}

for (const [name, pack] of [
  ['gzip members', (b: Uint8Array) => gzipSync(b)],
  ['zstd frames', zstdFrame],
] as const)
  test(`${name} one after another, in chunks of any size`, async () => {
    const packed = Buffer.concat(parts.map(pack));
    for (const size of [1, 997, 65_536, packed.length]) {
      if (size === 1 && name === 'gzip members') continue; // slow there, and nothing of ours is in between
      assert.deepEqual(Buffer.from(await contentOf(inChunks(packed, size))), whole, `chunks of ${size}`);
    }
  });

test('zstd: skippable frames, what follows the last frame, a lost end, unknown frames', async () => {
  const frame = zstdFrame(parts[0]);
  const skippable = Buffer.from('502a4d1803000000616263', 'hex');
  const both = Buffer.concat([skippable, frame, skippable, frame, skippable]);
  assert.deepEqual(Buffer.from(await contentOf(inChunks(both, 5))), Buffer.concat([parts[0], parts[0]]));
  await refuses(Buffer.concat([frame, Buffer.from('garbage')]), /do not begin a zstd frame/, frame.length);
  await refuses(frame.subarray(0, -5), /the file ends/);
  await refuses(frame.subarray(0, -2), /inside the checksum of a zstd frame/, frame.length - 4);
  // A window of 2^31 bytes and a dictionary number.
  await refuses(Buffer.from('28b52ffd00a8', 'hex'), /window of 2147483648 bytes/, 0);
  await refuses(Buffer.from('28b52ffd215505', 'hex'), /dictionary/, 0);
  await assert.rejects(
    collect(unzstd(inChunks(new Uint8Array(0)), 'x.zst'), 'x.zst', 1),
    /x\.zst, byte 0: the file is empty/,
  );
});

test('gzip: bytes after the end and a wrong checksum', async () => {
  const packed = gzipSync(parts[0]);
  await refuses(Buffer.concat([packed, Buffer.from('garbage')]), /gzip stream/);
  const wrong = Buffer.from(packed);
  wrong[packed.length - 6] ^= 1;
  await refuses(wrong, /damaged or cut short/);
});

test('xz through the system, damage included', { skip: !hasXz && 'there is no xz here' }, async () => {
  const packed = xz(whole);
  assert.deepEqual(Buffer.from(await contentOf(inChunks(packed, 1000))), whole);
  await refuses(packed.subarray(0, -20), /cut short \(Unexpected end of input; \d+ bytes were read\)/);
  const wrong = Buffer.from(packed);
  wrong[packed.length >> 1] ^= 1;
  await refuses(wrong, /Compressed data is corrupt/);
});

test('xz that is not installed is named, with what to do', async () => {
  const source = unxz(inChunks(whole, 1000), 'openwebtext.tar.xz', 'xz-that-is-not-there');
  await assert.rejects(collect(source, 'x', 1 << 20), (error) => {
    assert.ok(error instanceof MissingToolError);
    assert.match(error.message, /^openwebtext\.tar\.xz is xz-compressed .* apt-get install xz-utils/);
    return true;
  });
});

test('reading part of a stream and leaving lets go of everything', async () => {
  for (const packed of [gzipSync(whole), Buffer.concat(parts.map(zstdFrame))]) {
    let closed = false;
    const source = (async function* () {
      try {
        yield* inChunks(packed, 100);
      } finally {
        closed = true;
      }
    })();
    for await (const chunk of (await import('./decompress.ts')).decompress(source, 'x')) {
      assert.ok(chunk.length);
      break;
    }
    assert.ok(closed);
  }
});

test('an error of the source stays what it is', async () => {
  const broken = (packed: Uint8Array) =>
    (async function* () {
      yield packed.subarray(0, packed.length >> 1);
      throw new Error('the disk is gone');
    })();
  const all = [gzipSync(whole), zstdFrame(whole)];
  if (hasXz) all.push(xz(whole));
  for (const packed of all) await assert.rejects(contentOf(broken(packed)), { message: 'the disk is gone' });
});

test('the first bytes tell the compression', () => {
  assert.equal(compression(gzipSync('x')), 'gzip');
  assert.equal(compression(zstdFrame(Buffer.from('x'))), 'zstd');
  assert.equal(compression(Buffer.from('fd377a585a00', 'hex')), 'xz');
  assert.equal(compression(Buffer.from('plain')), 'none');
});
