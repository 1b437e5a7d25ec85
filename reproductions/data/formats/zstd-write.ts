/** Zstandard frames, where the runtime has zstd (Bun, Deno). */
import * as zlib from 'node:zlib';

// Not in the types of Node 20, where it is missing.
const zstdCompress = (zlib as unknown as { zstdCompressSync: (b: Uint8Array, o?: object) => Buffer }).zstdCompressSync;

/** One zstd frame, with its checksum. */
export const zstdFrame = (bytes: Uint8Array): Buffer =>
  zstdCompress(bytes, {
    params: { [(zlib.constants as unknown as Record<string, number>).ZSTD_c_checksumFlag]: 1 },
  });
