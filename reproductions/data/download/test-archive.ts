/** For the tests of unpacking: an archive that is already in the cache. */
import { gzipSync } from 'node:zlib';
import { type TarFile, writeTar } from '../formats/tar-write.ts';
import type { DownloadCase } from './test-case.ts';
import { fileOf, good, sum } from './test-server.ts';

/** Puts a tar.gz of these files into the folder, and gives what `unpack` wants to know of it. */
export async function archived(at: DownloadCase, files: TarFile[]) {
  const archive = gzipSync(writeTar(files), { level: 1 });
  at.server.answer(good(archive));
  const file = fileOf([at.server.url()], { bytes: archive.length, sha256: sum('sha256', archive) });
  return { file, record: await at.get(file), size: archive.length };
}

export const unpackOptions = (said: string[] = [], signal = new AbortController().signal) => ({
  signal,
  report: { live: () => {}, say: (text: string) => said.push(text) },
});
