/**
 * For the tests: `download`, and `unpack` when it is an archive to be unpacked, in a process of its own that can be
 * killed. Started with what to do as JSON; prints the record.
 */
import process from 'node:process';
import { download } from './download.ts';
import { fileOf } from './test-server.ts';
import { unpack } from './unpack.ts';
import { unpackerOf } from './unpackers.ts';

export interface TestRun {
  folder: string;
  urls: string[];
  bytes?: number;
  sha256?: string;
  unpacking?: boolean;
}

const { folder, urls, unpacking, ...published } = JSON.parse(process.argv[2]) as TestRun;
const file = fileOf(urls, published);
const options = {
  signal: new AbortController().signal,
  report: { live: () => {}, say: (text: string) => console.error(text) },
};
try {
  const record = await download(folder, file, options);
  if (unpacking) await unpack(folder, file, record, unpackerOf(file), options);
  console.log(JSON.stringify(record));
} catch (error) {
  console.error(`${(error as Error).name}: ${(error as Error).message}`);
  process.exitCode = 1;
}
