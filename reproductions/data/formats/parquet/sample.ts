/**
 * Parquet files as pyarrow writes them for Hugging Face (data pages of version 1, optional columns, a dictionary), for
 * the tests: hyparquet-writer writes version 2 alone.
 */
import { crc32, gzipSync } from 'node:zlib';
import { zstdFrame } from '../zstd-write.ts';

type Field = [id: number, type: 'i' | 'long' | 'text' | 'struct' | 'structs' | 'ints' | 'texts', value: unknown];

function varint(n: number): number[] {
  const bytes: number[] = [];
  for (; n >= 128; n = Math.floor(n / 128)) bytes.push((n % 128) + 128);
  return [...bytes, n];
}
const zigzag = (n: number): number[] => varint(n < 0 ? -2 * n - 1 : 2 * n);
const text = (s: string): number[] => [...varint(Buffer.byteLength(s)), ...Buffer.from(s)];
const list = (type: number, items: number[][]): number[] => [
  ...(items.length < 15 ? [items.length * 16 + type] : [0xf0 + type, ...varint(items.length)]),
  ...items.flat(),
];

/** A Thrift structure in the compact protocol. */
export function struct(fields: Field[]): number[] {
  let before = 0;
  const out: number[] = [];
  for (const [id, type, value] of fields) {
    const code = { i: 5, long: 6, text: 8, struct: 12, structs: 9, ints: 9, texts: 9 }[type];
    if (id - before < 16 && id > before) out.push((id - before) * 16 + code);
    else out.push(code, ...zigzag(id));
    before = id;
    if (type === 'i' || type === 'long') out.push(...zigzag(value as number));
    if (type === 'text') out.push(...text(value as string));
    if (type === 'struct') out.push(...(value as number[]));
    if (type === 'structs') out.push(...list(12, value as number[][]));
    if (type === 'ints') out.push(...list(5, (value as number[]).map(zigzag)));
    if (type === 'texts') out.push(...list(8, (value as string[]).map(text)));
  }
  return [...out, 0];
}

/** Snappy without any compression but one: literals, and copies of what just was. */
function snappy(bytes: Uint8Array): Buffer {
  const out: number[] = varint(bytes.length);
  for (let at = 0; at < bytes.length; ) {
    let same = 0;
    while (at > 0 && same < 64 && at + same < bytes.length && bytes[at + same] === bytes[at - 1 + (same % 1)]) same++;
    if (same >= 4) {
      out.push(((same - 1) << 2) | 2, 1, 0);
      at += same;
      continue;
    }
    const n = Math.min(200, bytes.length - at, 1 + (at % 7));
    out.push((n - 1) << 2, ...bytes.subarray(at, at + n));
    at += n;
  }
  return Buffer.from(out);
}

const codecs = {
  none: { number: 0, pack: (b: Uint8Array) => b },
  snappy: { number: 1, pack: snappy },
  gzip: { number: 2, pack: (b: Uint8Array) => gzipSync(b) },
  brotli: { number: 4, pack: (b: Uint8Array) => b },
  zstd: { number: 6, pack: zstdFrame },
} as const;

const plain = (texts: readonly string[]): Buffer =>
  Buffer.concat(
    texts.flatMap((s) => {
      const bytes = Buffer.from(s);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );

/** Numbers of `width` bits: the first eight packed, the rest as runs. */
function runs(numbers: readonly number[], width: number): number[] {
  const out: number[] = [];
  const packed = numbers.slice(0, 8);
  if (packed.length === 8) {
    let bits = 0n;
    packed.forEach((n, i) => {
      bits |= BigInt(n) << BigInt(i * width);
    });
    out.push(3);
    for (let i = 0; i < width; i++) out.push(Number((bits >> BigInt(8 * i)) & 255n));
  }
  for (let at = packed.length === 8 ? 8 : 0; at < numbers.length; ) {
    let end = at;
    while (end < numbers.length && numbers[end] === numbers[at]) end++;
    out.push(
      ...varint((end - at) * 2),
      ...Array.from({ length: Math.ceil(width / 8) }, (_, i) => (numbers[at] >> (8 * i)) & 255),
    );
    at = end;
  }
  return out;
}

export interface SampleOptions {
  codec?: keyof typeof codecs;
  /** Rows of a group. */
  group?: number;
  /** Rows of a page. */
  page?: number;
  required?: boolean;
  /** Distinct texts stand in a page of their own. */
  dictionary?: boolean;
  checksums?: boolean;
  /** Rows without a value. */
  missing?: readonly number[];
  encoding?: number;
}

/** One column "text" behind a column "label" that has no pages at all. */
export function parquetOf(texts: readonly string[], options: SampleOptions = {}): Uint8Array {
  const { codec = 'snappy', group = texts.length, page = 5, required = false, dictionary = false } = options;
  const { number, pack } = codecs[codec];
  const parts: Uint8Array[] = [Buffer.from('PAR1')];
  let size = 4;
  const append = (bytes: Uint8Array) => {
    parts.push(bytes);
    size += bytes.length;
  };
  const appendPage = (type: number, content: Uint8Array, about: Field) => {
    const packed = pack(content);
    const sum: Field[] = options.checksums ? [[4, 'i', crc32(packed) | 0]] : [];
    append(Buffer.from(struct([[1, 'i', type], [2, 'i', content.length], [3, 'i', packed.length], ...sum, about])));
    append(packed);
  };
  const groups: number[][] = [];
  for (let start = 0; start < texts.length; start += group) {
    const rows = texts.slice(start, start + group);
    const from = size;
    const words = [...new Set(rows)];
    if (dictionary)
      appendPage(2, plain(words), [
        7,
        'struct',
        struct([
          [1, 'i', words.length],
          [2, 'i', 0],
        ]),
      ]);
    const data = size;
    for (let at = 0; at < rows.length; at += page) {
      const some = rows.slice(at, at + page);
      const here = some.map((_, i) => (options.missing?.includes(start + at + i) ? 0 : 1));
      const values = some.filter((_, i) => here[i]);
      const levels = runs(here, 1);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(levels.length);
      const width = Math.max(1, Math.ceil(Math.log2(words.length)));
      const body = dictionary
        ? Buffer.from([
            width,
            ...runs(
              values.map((s) => words.indexOf(s)),
              width,
            ),
          ])
        : plain(values);
      const encoding = options.encoding ?? (dictionary ? 8 : 0);
      appendPage(0, Buffer.concat([...(required ? [] : [length, Buffer.from(levels)]), body]), [
        ...([
          5,
          'struct',
          struct([
            [1, 'i', some.length],
            [2, 'i', encoding],
            [3, 'i', 3],
            [4, 'i', 3],
          ]),
        ] as Field),
      ]);
    }
    const chunk = struct([
      [1, 'i', 6],
      [2, 'ints', [0, 3, 8]],
      [3, 'texts', ['text']],
      [4, 'i', number],
      [5, 'long', rows.length],
      [6, 'long', size - from],
      [7, 'long', size - from],
      [9, 'long', data],
      ...(dictionary ? ([[11, 'long', from]] as Field[]) : []),
    ]);
    groups.push(
      struct([
        [
          1,
          'structs',
          [
            struct([
              [2, 'long', from],
              [3, 'struct', chunk],
            ]),
          ],
        ],
        [2, 'long', size - from],
        [3, 'long', rows.length],
      ]),
    );
  }
  const schema = [
    struct([
      [4, 'text', 'schema'],
      [5, 'i', 1],
    ]),
    struct([
      [1, 'i', 6],
      [3, 'i', required ? 0 : 1],
      [4, 'text', 'text'],
      [6, 'i', 0],
    ]),
  ];
  const metadata = struct([
    [1, 'i', 1],
    [2, 'structs', schema],
    [3, 'long', texts.length],
    [4, 'structs', groups],
  ]);
  append(Buffer.from(metadata));
  const end = Buffer.alloc(8);
  end.writeUInt32LE(metadata.length);
  end.write('PAR1', 4);
  append(end);
  return Buffer.concat(parts);
}
