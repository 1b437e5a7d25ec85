/** Loads the native addon and types its surface. One `.node` file serves Bun, Deno and Node. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeviceUnavailableError } from '../device/device.ts';
import { sourcesHash } from './sources.mjs';

export interface KernelListing {
  op: string;
  pass: string;
  isa: string;
  index: number;
  /** Whether this machine's processor has the instruction set. */
  supported: boolean;
}

export interface Addon {
  /** Address of a fresh block, or 0 when memory has run out. */
  alloc(bytes: number): number;
  free(pointer: number): void;
  trim(): void;
  stats(): { live: number; peak: number; reserved: number };
  resetPeak(): void;
  write(pointer: number, byteOffset: number, data: ArrayBufferView): void;
  read(pointer: number, byteOffset: number, data: ArrayBufferView): void;
  copy(from: number, to: number, bytes: number): void;
  fill(pointer: number, bytes: number, byte: number): void;
  kernels(): KernelListing[];
  run(index: number, call: Float64Array): void;
  threads(n?: number): number;
  roofline(isa: string): { flops: number; bytes: number };
  isas(): string[];
  /** Sets a variable of the C environment, where libraries look (Bun's process.env is a copy). */
  setenv(name: string, value: string): void;
  /** Sends what native libraries print to standard error nowhere, until called with false. */
  muteStderr(on: boolean): void;
  /** Native code that is no kernel (`routine.h`); each is typed where it is called. */
  routines: Readonly<Record<string, unknown>>;
}

let loaded: Addon | undefined;

/** Throws `DeviceUnavailableError` with the command to run when the addon was not built. */
export function loadAddon(): Addon {
  if (loaded) return loaded;
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  const path = join(root, 'build', arch, 'longconv.node');
  if (!existsSync(path))
    throw new DeviceUnavailableError(
      `the CPU kernels are not built (no build/${arch}/longconv.node): run "npm run build"`,
    );
  // Kernels and the calls to them change together: an older build may read memory that is not there.
  const built = join(root, 'build', arch, 'longconv.sources');
  const sources = sourcesHash();
  if (sources && (!existsSync(built) || readFileSync(built, 'utf8').trim() !== sources))
    throw new DeviceUnavailableError(
      'the CPU kernels were built from other sources than those here: run "npm run build"',
    );
  try {
    loaded = createRequire(import.meta.url)(path) as Addon;
  } catch (e) {
    throw new DeviceUnavailableError(
      `the CPU kernels could not be loaded (${(e as Error).message.split('\n')[0]}): run "npm run build"`,
    );
  }
  return loaded;
}
