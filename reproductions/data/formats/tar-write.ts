/** Writing tar archives (ustar; a pax header for names beyond 100 bytes): equal entries give equal bytes. */

export interface TarFile {
  path: string;
  bytes: Uint8Array;
}

const BLOCK = 512;

/** The archive in one array: files in the order given, dates of 1970, no owner, two zero blocks at the end. */
export function writeTar(files: Iterable<TarFile>): Uint8Array {
  const parts: Uint8Array[] = [];
  const add = (path: string, type: string, bytes: Uint8Array): void => {
    parts.push(header(path, type, bytes.length), bytes, new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK));
  };
  for (const { path, bytes } of files) {
    const isLong = Buffer.byteLength(path) > 100;
    if (isLong) add('pax', 'x', paxRecord('path', path));
    add(isLong ? 'long-name' : path, '0', bytes);
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return Buffer.concat(parts);
}

function header(path: string, type: string, size: number): Uint8Array {
  if (size >= 8 ** 11) throw new RangeError(`${path}: ${size} bytes are more than a ustar entry holds`);
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0, 100);
  block.write('0000644\x000000000\x000000000\x00', 100, 'latin1');
  block.write(`${size.toString(8).padStart(11, '0')}\x0000000000000\x00`, 124, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((a, b) => a + b, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148, 'latin1');
  return block;
}

/** `<length> key=value\n` with the length of the whole record, its own digits included. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}
