/**
 * PNG images (ISO/IEC 15948): gray, gray + alpha, RGB, RGBA and palette, 8 bits a sample, gray and palette also 1, 2
 * and 4. Every chunk's CRC is verified. Refused in words: 16 bits a sample and interlaced images.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { Cursor } from './cursor.ts';
import { asFormatError } from './format-error.ts';
import { unfilter } from './png-unfilter.ts';

export interface Image {
  width: number;
  height: number;
  /** 1 gray, 2 gray + alpha, 3 RGB, 4 RGBA. A palette becomes 3, or 4 when it has transparency. */
  channels: 1 | 2 | 3 | 4;
  /** (height, width, channels), 0..255. */
  data: Uint8Array;
}

interface Header {
  width: number;
  height: number;
  depth: number;
  color: number;
}

const SIGNATURE = '89504e470d0a1a0a';
const LARGEST_SIDE = 1 << 16;
const LARGEST_IMAGE = 1 << 28;
const samples: Record<number, 1 | 2 | 3 | 4> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export function readPng(bytes: Uint8Array, file: string): Image {
  const cursor: Cursor = new Cursor(bytes, file);
  if (Buffer.from(cursor.take(8, 'the signature of a PNG file')).toString('hex') !== SIGNATURE)
    cursor.fail('this is not a PNG file (its first eight bytes say so)', 0);
  let header: Header | null = null;
  let palette: Uint8Array | null = null;
  let transparency: Uint8Array | null = null;
  const packed: Uint8Array[] = [];
  let dataAt = 0;
  for (let type = ''; type !== 'IEND'; ) {
    const at = cursor.at;
    const length = cursor.u32be('a chunk');
    type = cursor.latin1(4, 'a chunk');
    const body = cursor.take(length, 'a chunk');
    if (cursor.u32be('a checksum') !== crc32(bytes.subarray(at + 4, at + 8 + length)))
      cursor.fail('the checksum of this chunk does not match', at);
    if (header === null && type !== 'IHDR') cursor.fail('the first chunk is not IHDR', at);
    if (type === 'IHDR') header = readHeader(new Cursor(body, file, 0, at + 8));
    else if (type === 'PLTE') palette = body;
    else if (type === 'tRNS') transparency = body;
    else if (type === 'IDAT') {
      dataAt ||= at;
      packed.push(body);
    } else if (type !== 'IEND' && !(type.charCodeAt(0) & 32))
      cursor.fail(`the chunk ${JSON.stringify(type)} is needed to read this image and not known`, at);
  }
  const { width, height, depth, color } = header!;
  const stride = Math.ceil((width * depth * samples[color]) / 8);
  const size = (stride + 1) * height;
  let raw: Buffer;
  try {
    raw = inflateSync(Buffer.concat(packed), { maxOutputLength: size });
  } catch (error) {
    throw asFormatError(error, file, dataAt, 'the image data cannot be decompressed');
  }
  if (raw.length !== size) cursor.fail(`the image data has ${raw.length} bytes instead of ${size}`, dataAt);
  const rows = unfilter(raw, height, stride, Math.max(1, (depth * samples[color]) >> 3));
  if (rows === null) return cursor.fail('the image data has a row with an unknown filter', dataAt);
  const pixels = depth === 8 ? rows : unpack(rows, width, height, depth);
  if (color === 3) return fromPalette(pixels, header!, palette, transparency, cursor);
  // A gray scale of fewer bits is stretched to 0..255.
  if (depth < 8) for (let i = 0; i < pixels.length; i++) pixels[i] *= 255 / (2 ** depth - 1);
  return { width, height, channels: samples[color], data: pixels };
}

function readHeader(cursor: Cursor): Header {
  const width = cursor.u32be('the width');
  const height = cursor.u32be('the height');
  const [depth, color, compression, filter, interlace] = cursor.take(5, 'the image header');
  if (cursor.left || compression || filter || interlace > 1) cursor.fail('this is not the header of a PNG image', 0);
  if (!width || !height || width > LARGEST_SIDE || height > LARGEST_SIDE || width * height * 4 > LARGEST_IMAGE)
    cursor.fail(`an image of ${width} x ${height} is not read`, 0);
  if (interlace) cursor.fail('interlaced PNG images are not read: save this one without', 0);
  if (depth === 16) cursor.fail('PNG images of 16 bits a sample are not read: save this one with 8', 0);
  if (!(color in samples) || !(depth === 8 || ((color === 0 || color === 3) && [1, 2, 4].includes(depth))))
    cursor.fail(`colour type ${color} with ${depth} bits is not in the PNG format`, 0);
  return { width, height, depth, color };
}

/** Samples of 1, 2 or 4 bits, the first in the high bits; rows begin at a byte. */
function unpack(rows: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const stride = Math.ceil((width * depth) / 8);
  const mask = 2 ** depth - 1;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      pixels[y * width + x] = (rows[y * stride + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask;
    }
  return pixels;
}

function fromPalette(
  indices: Uint8Array,
  { width, height }: Header,
  palette: Uint8Array | null,
  alpha: Uint8Array | null,
  cursor: Cursor,
): Image {
  if (!palette || palette.length % 3 || palette.length > 768) return cursor.fail('the image has no valid palette', 8);
  const channels = alpha ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * 3;
    if (from >= palette.length)
      cursor.fail(`pixel ${i} has colour ${indices[i]} of a palette of ${palette.length / 3}`, 8);
    for (let c = 0; c < 3; c++) data[i * channels + c] = palette[from + c];
    if (alpha) data[i * channels + 3] = alpha[indices[i]] ?? 255;
  }
  return { width, height, channels, data };
}

/** A PNG file of 8 bits a sample, unfiltered. */
export function writePng({ width, height, channels, data }: Image): Uint8Array {
  if (data.length !== width * height * channels)
    throw new RangeError(`${data.length} bytes are not an image of ${width} x ${height} x ${channels}`);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, [0, 0, 4, 2, 6][channels]], 8);
  const stride = width * channels;
  const rows = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  const chunk = (type: string, body: Uint8Array): Buffer => {
    const result = Buffer.alloc(12 + body.length);
    result.writeUInt32BE(body.length, 0);
    result.write(type, 4, 'latin1');
    result.set(body, 8);
    result.writeUInt32BE(crc32(result.subarray(4, 8 + body.length)), 8 + body.length);
    return result;
  };
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', new Uint8Array(0))];
  return Buffer.concat([Buffer.from(SIGNATURE, 'hex'), ...parts]);
}
