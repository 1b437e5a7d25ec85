import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { readCifar } from './cifar.ts';
import { FormatError } from './format-error.ts';
import { readPng, writePng } from './png.ts';
import { noise } from './samples.ts';
import { channelOf, readWav, writeWav } from './wav.ts';

const refuses = (action: () => unknown, reason: RegExp): void =>
  assert.throws(action, (error) => {
    assert.ok(error instanceof FormatError, String(error));
    assert.match(error.message, reason);
    return true;
  });

/** A PNG of any header and raw rows. */
function png(
  width: number,
  height: number,
  depth: number,
  color: number,
  rows: Uint8Array,
  more: [string, Uint8Array][] = [],
  interlace = 0,
): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, color, 0, 0, interlace], 8);
  const chunks: [string, Uint8Array][] = [
    ['IHDR', header],
    ...more,
    ['IDAT', deflateSync(rows)],
    ['IEND', new Uint8Array(0)],
  ];
  const parts: Uint8Array[] = [Buffer.from('89504e470d0a1a0a', 'hex')];
  for (const [type, body] of chunks) {
    const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from(type), body, Buffer.alloc(4)]);
    chunk.writeUInt32BE(body.length, 0);
    chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

test('PNG: what another library writes, in every filter and colour type that it has', () => {
  const [width, height] = [17, 11];
  const pixels = Buffer.from(noise(width * height * 4));
  for (let i = 0; i < pixels.length; i++) if (i % 3) pixels[i] = pixels[Math.max(0, i - 4)]; // something to filter
  for (const filterType of [0, 1, 2, 3, 4, -1])
    for (const [colorType, channels] of [
      [0, 1],
      [2, 3],
      [4, 2],
      [6, 4],
    ] as const) {
      const image = new PNG({ width, height });
      image.data = Buffer.from(pixels);
      const bytes = PNG.sync.write(image, { colorType, filterType, inputHasAlpha: true });
      const back = readPng(bytes, 'a.png');
      assert.deepEqual([back.width, back.height, back.channels], [width, height, channels]);
      const theirs = PNG.sync.read(bytes).data;
      for (let i = 0; i < width * height; i++)
        for (let c = 0; c < channels; c++) {
          const from = channels === 2 && c === 1 ? 3 : c;
          assert.equal(back.data[i * channels + c], theirs[i * 4 + from], `filter ${filterType}, type ${colorType}`);
        }
    }
});

test('PNG: what we write, another library reads', () => {
  for (const channels of [1, 2, 3, 4] as const) {
    const image = { width: 7, height: 5, channels, data: noise(35 * channels) };
    const theirs = PNG.sync.read(Buffer.from(writePng(image))).data;
    for (let i = 0; i < 35; i++) assert.equal(theirs[i * 4], image.data[i * channels]);
    assert.deepEqual(readPng(writePng(image), 'a'), image);
  }
});

test('PNG: palettes, with and without transparency, and fewer bits', () => {
  const palette = Uint8Array.of(10, 11, 12, 20, 21, 22, 30, 31, 32);
  const bits = png(3, 2, 2, 3, Uint8Array.of(0, 0b00011000, 0, 0b10010000), [['PLTE', palette]]);
  assert.deepEqual(readPng(bits, 'a'), {
    width: 3,
    height: 2,
    channels: 3,
    data: Uint8Array.of(10, 11, 12, 20, 21, 22, 30, 31, 32, 30, 31, 32, 20, 21, 22, 10, 11, 12),
  });
  const clear = png(2, 1, 8, 3, Uint8Array.of(0, 1, 2), [
    ['PLTE', palette],
    ['tRNS', Uint8Array.of(255, 7)],
  ]);
  assert.deepEqual(readPng(clear, 'a').data, Uint8Array.of(20, 21, 22, 7, 30, 31, 32, 255));
  assert.deepEqual(readPng(png(3, 1, 1, 0, Uint8Array.of(0, 0b10100000)), 'a').data, Uint8Array.of(255, 0, 255));
  assert.deepEqual(readPng(png(2, 1, 4, 0, Uint8Array.of(0, 0x1f)), 'a').data, Uint8Array.of(17, 255));
  refuses(() => readPng(png(1, 1, 8, 3, Uint8Array.of(0, 9), [['PLTE', palette]]), 'a'), /colour 9 of a palette of 3/);
  refuses(() => readPng(png(1, 1, 8, 3, Uint8Array.of(0, 0)), 'a'), /no valid palette/);
});

test('PNG: what is refused, with file, byte and reason', () => {
  const row = Uint8Array.of(0, 1);
  refuses(() => readPng(new Uint8Array(0), 'sample_172.png'), /^sample_172\.png, byte 0: the signature/);
  refuses(() => readPng(Buffer.from('GIF89a..........'), 'a'), /not a PNG file/);
  refuses(() => readPng(png(1, 1, 16, 0, Uint8Array.of(0, 1, 2)), 'a'), /16 bits a sample/);
  refuses(() => readPng(png(1, 1, 8, 0, row, [], 1), 'a'), /interlaced/);
  refuses(() => readPng(png(60000, 60000, 8, 6, row), 'a'), /an image of 60000 x 60000 is not read/);
  refuses(() => readPng(png(0, 1, 8, 0, row), 'a'), /an image of 0 x 1/);
  refuses(() => readPng(png(9, 9, 8, 0, row), 'a'), /2 bytes instead of 90/);
  refuses(() => readPng(png(1, 1, 8, 0, noise(9999)), 'a'), /cannot be decompressed/);
  refuses(() => readPng(png(1, 1, 8, 0, Uint8Array.of(5, 1)), 'a'), /unknown filter/);
  refuses(() => readPng(png(1, 1, 8, 0, row, [['ABCD', row]]), 'a'), /"ABCD" is needed/);
  assert.equal(readPng(png(1, 1, 8, 0, row, [['tEXt', row]]), 'a').data[0], 1);
  const wrong = Buffer.from(png(1, 1, 8, 0, row));
  wrong[45] ^= 1;
  refuses(() => readPng(wrong, 'a'), /a, byte 33: the checksum of this chunk does not match/);
});

const chunk = (id: string, body: Uint8Array, length = body.length): Buffer => {
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, body, new Uint8Array(body.length % 2)]);
};
const wave = (...chunks: Uint8Array[]) => Buffer.concat([Buffer.from('RIFF\xff\xff\xff\x7fWAVE', 'latin1'), ...chunks]);
function format(encoding: number, channels: number, bits: number, more = new Uint8Array(0)): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(encoding, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(16000, 4);
  body.writeUInt16LE((channels * bits) / 8, 12);
  body.writeUInt16LE(bits, 14);
  return chunk('fmt ', Buffer.concat([body, more]));
}
const data = Uint8Array.of(1, 0, 255, 255, 0, 128, 255, 127);

test('WAV: mono and stereo, odd chunks before and after, the extensible header, unknown lengths of pipes', () => {
  const sound = { rate: 16000, channels: 1, samples: Int16Array.of(1, -1, -32768, 32767) };
  assert.deepEqual(readWav(wave(format(1, 1, 16), chunk('data', data)), 'a.wav'), sound);
  const odd = chunk('LIST', Uint8Array.of(1, 2, 3));
  assert.deepEqual(readWav(wave(odd, format(1, 1, 16), odd, chunk('data', data), odd), 'a.wav'), sound);
  assert.deepEqual(readWav(wave(format(1, 2, 16), chunk('data', data)), 'a.wav'), { ...sound, channels: 2 });
  const guid = Buffer.from('1600100000000000' + '0100000000001000800000aa00389b71', 'hex');
  assert.deepEqual(readWav(wave(format(0xfffe, 1, 16, guid), chunk('data', data)), 'a.wav'), sound);
  for (const length of [0x7ffff000, 0xffffffff])
    assert.deepEqual(readWav(wave(format(1, 1, 16), chunk('data', data, length)), 'a.wav'), sound);
  const stereo = { rate: 44100, channels: 2, samples: Int16Array.of(16384, -16384, 0, 32767) } as const;
  assert.deepEqual(readWav(writeWav(stereo), 'a.wav'), stereo);
  assert.deepEqual(channelOf(stereo, 1), Float32Array.of(-0.5, 32767 / 32768));
});

test('WAV: what is refused', () => {
  const with1 =
    (...chunks: Uint8Array[]) =>
    () =>
      readWav(wave(...chunks), 'a.wav');
  const end = chunk('data', data);
  refuses(with1(format(3, 1, 32), end), /floating point; only 16-bit PCM/);
  refuses(with1(format(7, 1, 8), end), /mu-law/);
  refuses(with1(format(1, 1, 24), end), /24 bits/);
  refuses(with1(format(1, 6, 16), end), /6 channels/);
  refuses(with1(end), /comes before/);
  refuses(with1(format(1, 1, 16)), /without a "data" chunk/);
  refuses(with1(format(1, 1, 16), chunk('data', data, 9999)), /"data" chunk needs 9999 bytes and 8 are left/);
  refuses(with1(format(1, 2, 16), chunk('data', data.subarray(0, 6))), /not whole samples of 2 x 16 bits/);
  refuses(() => readWav(Buffer.from('OggS............'), 'a'), /not a RIFF file/);
});

test('CIFAR-10 binary batches', () => {
  const [a, b] = [noise(3072, 1), noise(3072, 2)];
  const bytes = Buffer.concat([Uint8Array.of(6), a, Uint8Array.of(9), b]);
  assert.deepEqual(readCifar(bytes, 'data_batch_1.bin', 2), {
    labels: Uint8Array.of(6, 9),
    images: Uint8Array.from([...a, ...b]),
  });
  refuses(() => readCifar(bytes, 'data_batch_1.bin', 10_000), /2 records instead of 10000/);
  refuses(() => readCifar(bytes.subarray(0, -1), 'b', 2), /b, byte 3073: 6145 bytes are not whole records/);
  bytes[3073] = 10;
  refuses(() => readCifar(bytes, 'b'), /b, byte 3073: record 1 has the label 10/);
});
