/**
 * Zstandard streams of several frames (RFC 8878). Frames are told apart here, by their block headers, and each goes
 * through a decoder of its own, since the decoders differ between runtimes: Bun's ends without a word on a frame that
 * is cut short or on bytes that are no frame, Deno's loses frames after the first. Skippable frames are skipped.
 * Frames that need a dictionary, or a window of more than 128 MiB (`zstd --long=28` and up), are refused.
 */
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ByteStream, type Chunks } from './byte-stream.ts';
import { FormatError, MissingToolError } from './format-error.ts';
import { through } from './through.ts';

const FRAME = 0xfd2fb528;
const LARGEST_WINDOW = 2 ** 27;
const LARGEST_BLOCK = 2 ** 17;

// Not in the types of Node 20, where it is missing.
const create = (zlib as unknown as { createZstdDecompress?: () => Transform }).createZstdDecompress;

export async function* unzstd(source: Chunks, file: string): AsyncGenerator<Uint8Array> {
  if (!create)
    throw new MissingToolError(`${file} is zstd-compressed and this runtime has no zstd decoder: use Bun or Deno`);
  const stream: ByteStream = new ByteStream(source, file);
  try {
    let magic = await stream.takeOrEnd(4, 'a frame');
    if (!magic) stream.fail('the file is empty where a zstd stream should be');
    for (; magic; magic = await stream.takeOrEnd(4, 'a frame')) {
      const start = stream.offset - 4;
      const number = le(magic);
      if (number >>> 4 === 0x184d2a5) {
        await stream.skip(le(await stream.take(4, 'a skippable frame')), 'a skippable frame');
        continue;
      }
      if (number !== FRAME) stream.fail('these bytes do not begin a zstd frame', start);
      const header = await readHeader(stream, start);
      const raw = frame(stream, magic, header);
      let size = 0;
      for await (const chunk of through(raw, create(), file, 'the zstd frame is damaged', start)) {
        size += chunk.length;
        yield chunk;
      }
      if (header.size !== null && header.size !== size)
        throw new FormatError(file, start, `the zstd frame says ${header.size} bytes and holds ${size}`);
    }
  } finally {
    await stream.close();
  }
}

interface Header {
  bytes: Uint8Array;
  /** Bytes of content, when the frame says it. */
  size: number | null;
  checksum: boolean;
}

async function readHeader(stream: ByteStream, start: number): Promise<Header> {
  const first = (await stream.take(1, 'a zstd frame header'))[0];
  if (first & 8) stream.fail('a reserved bit of the zstd frame header is set', start + 4);
  const single = (first >> 5) & 1;
  const idBytes = [0, 1, 2, 4][first & 3];
  const sizeBytes = [single, 2, 4, 8][first >> 6];
  const rest = await stream.take(1 - single + idBytes + sizeBytes, 'a zstd frame header');
  if (!single) {
    const base = 2 ** (10 + (rest[0] >> 3));
    checkWindow(stream, base + (base / 8) * (rest[0] & 7), start);
  }
  if (le(rest.subarray(1 - single, 1 - single + idBytes)))
    stream.fail('the zstd frame needs a dictionary, and no dataset here has one', start);
  const size = sizeBytes ? le(rest.subarray(rest.length - sizeBytes)) + (sizeBytes === 2 ? 256 : 0) : null;
  if (single) checkWindow(stream, size!, start);
  return { bytes: Buffer.concat([Uint8Array.of(first), rest]), size, checksum: (first & 4) !== 0 };
}

function checkWindow(stream: ByteStream, window: number, start: number): void {
  if (window > LARGEST_WINDOW)
    stream.fail(`the zstd frame needs a window of ${window} bytes; ${LARGEST_WINDOW} is the most`, start);
}

/** The bytes of one frame as they are, its header included; ends where the frame ends. */
async function* frame(stream: ByteStream, magic: Uint8Array, header: Header): AsyncGenerator<Uint8Array> {
  yield Buffer.concat([magic, header.bytes]);
  for (let last = false; !last; ) {
    const head = await stream.take(3, 'a zstd block header');
    const word = le(head);
    last = (word & 1) === 1;
    const type = (word >> 1) & 3;
    const size = word >> 3;
    if (type === 3 || size > LARGEST_BLOCK)
      stream.fail('these bytes are not the header of a zstd block', stream.offset - 3);
    yield Buffer.concat([head, await stream.take(type === 1 ? 1 : size, 'a zstd block')]);
  }
  if (header.checksum) yield await stream.take(4, 'the checksum of a zstd frame');
}

/** Little-endian unsigned number of any width; exact up to 2^53, which is enough to compare. */
function le(bytes: Uint8Array): number {
  let value = 0;
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256 + bytes[i];
  return value;
}
