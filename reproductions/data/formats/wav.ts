/**
 * RIFF WAVE files of 16-bit PCM, mono or stereo, with a plain format chunk or WAVE_FORMAT_EXTENSIBLE. Other chunks
 * are stepped over; chunks of odd length are padded to even. Other encodings are refused by name.
 */
import { Cursor } from './cursor.ts';
import { quoted } from './format-error.ts';

export interface Sound {
  /** Samples a second and channel. */
  rate: number;
  channels: 1 | 2;
  /** -32768..32767; with two channels left and right alternate. */
  samples: Int16Array;
}

const PCM = 1;
const EXTENSIBLE = 0xfffe;
/** The end of the sub-format's GUID of all classic formats. */
const CLASSIC = '000000001000800000aa00389b71';
const encodings: Record<number, string> = { 3: 'floating point', 6: 'A-law', 7: 'mu-law', 17: 'IMA ADPCM', 85: 'MP3' };
/** Lengths that writers to a pipe put where they cannot know it: espeak-ng, ffmpeg and sox. */
const unknownLengths = [0x7ffff000, 0xffffffff, 0x7fffffff];

export function readWav(bytes: Uint8Array, file: string): Sound {
  const cursor: Cursor = new Cursor(bytes, file);
  if (cursor.latin1(4, 'the RIFF header') !== 'RIFF') cursor.fail('this is not a RIFF file', 0);
  cursor.u32('the RIFF header'); // the length of the whole: writers to a pipe leave it wrong
  if (cursor.latin1(4, 'the RIFF header') !== 'WAVE') cursor.fail('this RIFF file is not a WAVE file', 8);
  let format: { rate: number; channels: 1 | 2 } | null = null;
  for (;;) {
    const at = cursor.at;
    if (!cursor.left) return cursor.fail('the file ends without a "data" chunk');
    const id = cursor.latin1(4, 'a chunk header');
    const length = cursor.u32('a chunk header');
    if (id === 'data') {
      if (!format) return cursor.fail('the "data" chunk comes before the "fmt " chunk', at);
      const isOpen = unknownLengths.includes(length) && length > cursor.left;
      const data = cursor.take(isOpen ? cursor.left : length, 'the "data" chunk');
      if (data.length % (2 * format.channels))
        cursor.fail(`${data.length} bytes are not whole samples of ${format.channels} x 16 bits`, at);
      const samples = new Int16Array(data.length / 2);
      new Uint8Array(samples.buffer).set(data);
      return { ...format, samples };
    }
    const body = cursor.take(length, `the chunk ${quoted(id)}`);
    if (length % 2 && cursor.left) cursor.take(1, 'padding');
    if (id === 'fmt ') format = readFormat(new Cursor(body, file, 0, at + 8));
  }
}

function readFormat(cursor: Cursor): { rate: number; channels: 1 | 2 } {
  let encoding = cursor.u16('the format');
  const channels = cursor.u16('the format');
  const rate = cursor.u32('the format');
  cursor.u32('the format');
  const block = cursor.u16('the format');
  const bits = cursor.u16('the format');
  if (encoding === EXTENSIBLE) {
    cursor.take(8, 'the extensible format');
    encoding = cursor.u16('the extensible format');
    if (Buffer.from(cursor.take(14, 'the extensible format')).toString('hex') !== CLASSIC)
      cursor.fail('the extensible format names an encoding that is not known', 24);
  }
  if (encoding !== PCM)
    cursor.fail(`the sound is ${encodings[encoding] ?? `of encoding ${encoding}`}; only 16-bit PCM is read`, 0);
  if (bits !== 16) cursor.fail(`the sound has ${bits} bits a sample; only 16-bit PCM is read`, 14);
  if (channels !== 1 && channels !== 2) return cursor.fail(`the sound has ${channels} channels; 1 and 2 are read`, 2);
  if (rate < 1 || rate > 1_000_000) cursor.fail(`${rate} samples a second is no sampling rate`, 4);
  if (block !== channels * 2) cursor.fail(`a sample takes ${channels * 2} bytes, the format chunk says ${block}`, 12);
  return { rate, channels };
}

/** One channel as floats in [-1, 1): sample / 32768. */
export function channelOf({ channels, samples }: Sound, channel = 0): Float32Array {
  const result = new Float32Array(samples.length / channels);
  for (let i = 0; i < result.length; i++) result[i] = samples[i * channels + channel] / 32768;
  return result;
}

/** A WAVE file with the plain 44-byte header. */
export function writeWav({ rate, channels, samples }: Sound): Uint8Array {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples.byteLength, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(PCM, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * channels * 2, 28);
  head.writeUInt16LE(channels * 2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([head, new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)]);
}
