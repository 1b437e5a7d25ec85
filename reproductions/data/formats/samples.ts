/** Small files of every format in the layout of the real ones, each with its reader: for the tests. */

import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { type Chunks, collect } from './byte-stream.ts';
import { readCifar } from './cifar.ts';
import { decompress } from './decompress.ts';
import { gunzip } from './gzip.ts';
import { readJsonLines } from './jsonl.ts';
import { readNpy, writeNpy } from './npy.ts';
import { readNpz } from './npz.ts';
import { parquetOf } from './parquet/sample.ts';
import { readTextColumn } from './parquet.ts';
import { readPathfinderMetadata } from './pathfinder-metadata.ts';
import { readPickle } from './pickle.ts';
import { readPng, writePng } from './png.ts';
import { readTar } from './tar.ts';
import { writeTar } from './tar-write.ts';
import { readTsv } from './tsv.ts';
import { readWav, writeWav } from './wav.ts';
import { openZip } from './zip.ts';
import { unzstd } from './zstd.ts';
import { zstdFrame } from './zstd-write.ts';

export { zstdFrame };

export async function* inChunks(bytes: Uint8Array, size = bytes.length || 1): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export const contentOf = (source: Chunks): Promise<Uint8Array> =>
  collect(decompress(source, 'sample'), 'sample', 1 << 24);

/** Deterministic bytes that do not compress to nothing. */
export const noise = (n: number, seed = 1): Uint8Array => {
  let state = seed;
  return Uint8Array.from({ length: n }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  });
};

export interface ZipFile {
  path: string;
  bytes: Uint8Array;
  deflate?: boolean;
  /** Bits of a Unix mode, for links. */
  mode?: number;
}

/** A zip archive as Info-ZIP writes it. */
export function zipOf(files: ZipFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { path, bytes, deflate = true, mode = 0o100644 } of files) {
    const data = deflate ? deflateRawSync(bytes) : bytes;
    const name = Buffer.from(path);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800, 2);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(mode * 65536, 6);
    entry.writeUInt32LE(at, 10);
    directory.push(Buffer.from([0x50, 0x4b, 1, 2, 20, 3]), common, entry, name);
    const local = [Buffer.from([0x50, 0x4b, 3, 4]), common, name, data];
    parts.push(...local);
    at += local.reduce((n, part) => n + part.length, 0);
  }
  const size = directory.reduce((n, part) => n + part.length, 0);
  const end = Buffer.alloc(22);
  end.set([0x50, 0x4b, 5, 6]);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** `np.arange(6, dtype=np.float32).reshape(2, 3)` and `np.float32(2)` as Python 3 with numpy pickles them. */
export const pickles = {
  array2:
    '8002636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e756d70790a6e6461727261790a71014b00857102635f636f646563730a656e636f64650a7103580100000062710458060000006c6174696e317105867106527107877108527109284b014b024b0386710a636e756d70790a64747970650a710b58020000006634710c898887710d52710e284b0358010000003c710f4e4e4e4affffffff4affffffff4b0074711062896803581b000000000000000000c2803f00000040000040400000c280400000c2a04071116805867112527113747114622e',
  array4:
    '800495a3000000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e7374727563749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b024b03869468038c0564747970659493948c02663494898887945294284b038c013c944e4e4e4affffffff4affffffff4b00749462894318000000000000803f0000004000004040000080400000a040947494622e',
  fortran4:
    '800495a3000000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e7374727563749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b024b03869468038c0564747970659493948c02663494898887945294284b038c013c944e4e4e4affffffff4affffffff4b0074946288431800000000000040400000803f00008040000000400000a040947494622e',
  array5:
    '8005958e000000000000008c136e756d70792e5f636f72652e6e756d65726963948c0b5f66726f6d62756666657294939428961800000000000000000000000000803f0000004000004040000080400000a040948c056e756d7079948c0564747970659493948c02663494898887945294284b038c013c944e4e4e4affffffff4affffffff4b007494624b024b0386948c014394749452942e',
  scalar2:
    '8002636e756d70792e5f636f72652e6d756c746961727261790a7363616c61720a7100636e756d70790a64747970650a71015802000000663471028988877103527104284b0358010000003c71054e4e4e4affffffff4affffffff4b0074710662635f636f646563730a656e636f64650a7107580400000000000040710858060000006c6174696e31710986710a52710b86710c52710d2e',
  scalar4:
    '80049566000000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c067363616c61729493948c056e756d7079948c0564747970659493948c02663494898887945294284b038c013c944e4e4e4affffffff4affffffff4b0074946243040000004094869452942e',
} as const;

export const unhex = (hex: string): Buffer => Buffer.from(hex, 'hex');

export const metadataText = 'imgs/1 sample_0.png 0 0 1.0 14 4 2 0.5 1 1\nimgs/1 sample_1.png 1 1 1.0 14 4 2 0.5 1 1\n';

export interface Sample {
  name: string;
  bytes: Uint8Array;
  read(bytes: Uint8Array): unknown | Promise<unknown>;
  /** Any prefix may be a valid file (text, whole records). */
  hasNoEnd?: boolean;
  /** Prefixes of these lengths are whole files: members, frames. */
  borders?: number[];
  /** Bytes at the end that a file can do without. */
  spare?: number;
  /** Content is checksummed: a damaged file may not give other content. */
  isChecked?: boolean;
}

const tarBytes = writeTar([
  { path: 'README', bytes: Buffer.from('hello') },
  { path: `a/${'long-name/'.repeat(12)}b.txt`, bytes: Buffer.from('long') },
]);
const text = Buffer.from('{"text": "one", "meta": {"pile_set_name": "Pile-CC"}}\n{"text": "two"}\n');
const gray = { width: 5, height: 3, channels: 1, data: noise(15) } as const;

export const samples: Sample[] = [
  {
    name: 'tar',
    bytes: tarBytes,
    spare: 512, // one zero block is mark enough
    read: async (bytes) => {
      const found: [string, string][] = [];
      for await (const entry of readTar(inChunks(bytes), 'sample'))
        found.push([entry.path, Buffer.from(await entry.bytes(1 << 20)).toString()]);
      return found;
    },
  },
  {
    name: 'gzip',
    borders: [gzipSync(noise(300)).length],
    bytes: Buffer.concat([gzipSync(noise(300)), gzipSync(text)]),
    read: (b) => collect(gunzip(inChunks(b, 100), 'sample'), 'sample', 1 << 24),
    isChecked: true,
  },
  {
    name: 'zstd',
    borders: [zstdFrame(noise(300)).length],
    bytes: Buffer.concat([zstdFrame(noise(300)), zstdFrame(text)]),
    read: (b) => collect(unzstd(inChunks(b, 100), 'sample'), 'sample', 1 << 24),
    isChecked: true,
  },
  {
    name: 'zip',
    bytes: zipOf([
      { path: 'wikitext-103-raw/wiki.valid.raw', bytes: text },
      { path: 'stored', bytes: noise(40), deflate: false },
    ]),
    read: async (bytes) => {
      await using zip = await openZip({ bytes, file: 'sample' });
      return await Promise.all(zip.entries.map(async (e) => Buffer.from(await e.bytes(1 << 20)).toString('hex')));
    },
    isChecked: true,
  },
  { name: 'npy', bytes: writeNpy(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]), read: (b) => readNpy(b, 'sample') },
  {
    name: 'npz',
    bytes: zipOf([{ path: 'x.npy', bytes: writeNpy(Int16Array.of(1, -2)) }]),
    read: (bytes) => readNpz({ bytes, file: 'sample' }),
    isChecked: true,
  },
  { name: 'png', bytes: writePng(gray), read: (b) => readPng(b, 'sample'), isChecked: true },
  {
    name: 'wav',
    bytes: writeWav({ rate: 16000, channels: 1, samples: Int16Array.of(1, -1, 300) }),
    read: (b) => readWav(b, 'sample'),
  },
  {
    name: 'cifar',
    bytes: Buffer.concat([[3], noise(3072), [9], noise(3072, 2)].map((x) => Uint8Array.from(x))),
    read: (b) => readCifar(b, 'sample', 2),
  },
  { name: 'jsonl', bytes: text, read: (b) => gather(readJsonLines(inChunks(b, 7), 'sample')), hasNoEnd: true },
  {
    name: 'tsv',
    bytes: Buffer.from('1.0\tA00-1\tB00-2\t"a ""quoted"" text"\tplain\n0.0\tx\ty\tz\tw\n'),
    read: (b) => gather(readTsv(inChunks(b, 5), 'sample', { quoting: true, columns: 5 })),
    hasNoEnd: true,
  },
  {
    name: 'metadata',
    bytes: Buffer.from(metadataText),
    read: (b) => readPathfinderMetadata(b, 'sample'),
    hasNoEnd: true,
  },
  {
    name: 'parquet, pages of version 2',
    bytes: new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: 'text', data: ['', ' = Robert = \n', 'a line'], type: 'STRING' }] }),
    ),
    read: (bytes) => gather(readTextColumn({ bytes, file: 'sample' }, 'text')),
  },
  ...(['snappy', 'gzip', 'zstd'] as const).map((codec) => ({
    name: `parquet, pages of version 1, ${codec}`,
    bytes: parquetOf(['', ' = Robert = \n', 'a line', 'a line', ' = Robert = \n'], {
      codec,
      dictionary: true,
      group: 3,
    }),
    read: (bytes: Uint8Array) => gather(readTextColumn({ bytes, file: 'sample' }, 'text')),
  })),
  ...(Object.keys(pickles) as (keyof typeof pickles)[]).map((name) => ({
    name: `pickle ${name}`,
    bytes: unhex(pickles[name]),
    read: (bytes: Uint8Array) => readPickle(bytes, 'sample'),
  })),
];
