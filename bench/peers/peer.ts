/**
 * Other libraries as peers of a measurement: one process per library stays alive, reads one JSON request a line and
 * answers with one JSON line. Both sides make their inputs by the same rule (`peerValue`), so that `sums` of the
 * results show that the peer computes what we compute.
 *
 *   fftw     FFTW 3, single precision, measured plans, fused by row as a user would write it    (fftw.cc)
 *   pytorch  the papers' own lines: rfft, multiply, irfft, add the skip term                    (pytorch.py)
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DeviceUnavailableError } from '../../kernels/device/device.ts';

const here = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);

/** Causal convolution with skip term, kernel as long as the input: u (B, H, L), k (H, L), D (H). */
export interface PeerRequest {
  op: 'fft-conv';
  pass: 'forward' | 'backward' | 'forward+backward';
  B: number;
  H: number;
  L: number;
  threads: number;
  /** Timed runs, after one that is not timed. */
  repeats: number;
  /** Default `wall`; `cpu`: time of the processor, all threads of the peer together. */
  clock?: 'wall' | 'cpu';
}

export interface PeerAnswer {
  seconds: number[];
  /** Sums of squares of what the pass computed: y; du, dk, dD. */
  sums: Record<string, number>;
}

/** Element i of input number `stream` (0 u, 1 k, 2 D, 3 upstream gradient), in [-1, 1); k is divided by sqrt L. */
export function peerValue(stream: number, i: number): number {
  let x = (Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) >>> 0;
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39) >>> 0;
  x = (x ^ (x >>> 15)) >>> 0;
  return (x >>> 8) / 8388608 - 1;
}

export const peerIds = ['fftw', 'pytorch'] as const;
export type PeerId = (typeof peerIds)[number];

interface Launch {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

/** Compiles fftw.cc for this machine when it is newer than what is there. */
async function fftw(): Promise<Launch> {
  const source = join(here, 'fftw.cc');
  const folder = join(here, '..', '..', 'build', 'peers');
  const command = join(folder, 'fftw');
  if (!existsSync(command) || statSync(command).mtimeMs < statSync(source).mtimeMs) {
    mkdirSync(folder, { recursive: true });
    const part = `${command}.${process.pid}.part`;
    const flags = ['-std=c++20', '-O3', '-march=native', '-ffast-math', '-pthread', source, '-o', part, '-lfftw3f'];
    try {
      await run(process.env.CXX ?? 'g++', flags);
    } catch (e) {
      const text = String((e as { stderr?: string }).stderr ?? e);
      throw new DeviceUnavailableError(
        /fftw3\.h|lfftw3f/.test(text)
          ? 'the peer fftw needs FFTW 3: install it with "apt-get install libfftw3-dev" (or your system\'s equivalent)'
          : `the peer fftw did not compile: ${text.trim().split('\n')[0]}`,
      );
    }
    renameSync(part, command);
  }
  return { command, args: [] };
}

/** The first Python that has PyTorch; LONGCONV_PYTHON is asked first. */
async function pytorch(): Promise<Launch> {
  const candidates = [process.env.LONGCONV_PYTHON, 'python3', '/usr/bin/python3'].filter((p) => p !== undefined);
  for (const python of candidates) {
    const found = await run(python, ['-c', 'import torch, numpy']).then(
      () => true,
      () => false,
    );
    // glibc gives large blocks back to the system and faults them in again at every call; these settings keep them.
    const env = { MALLOC_MMAP_THRESHOLD_: '8589934592', MALLOC_TRIM_THRESHOLD_: '17179869184' };
    if (found) return { command: python, args: ['-u', join(here, 'pytorch.py')], env };
  }
  throw new DeviceUnavailableError(
    'the peer pytorch needs Python with PyTorch and NumPy: install them with "pip install torch numpy" or "apt-get install python3-torch python3-numpy", and name another interpreter in LONGCONV_PYTHON if needed',
  );
}

const launchers: Record<PeerId, () => Promise<Launch>> = { fftw, pytorch };

export class Peer {
  readonly id: PeerId;
  /** Library and version, as it introduces itself: "FFTW fftw-3.3.10-sse2-avx". */
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(id: PeerId, name: string, child: ChildProcess, lines: AsyncIterator<string>) {
    this.id = id;
    this.name = name;
    this.#child = child;
    this.#lines = lines;
  }

  /** Starts the peer; throws `DeviceUnavailableError`, saying what to install, when it is not here. */
  static async open(id: PeerId): Promise<Peer> {
    const { command, args, env } = await launchers[id]();
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    const { name } = await read(id, lines);
    return new Peer(id, String(name), child, lines);
  }

  /** One request at a time. */
  async ask(request: PeerRequest): Promise<PeerAnswer> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    return (await read(this.id, this.#lines)) as unknown as PeerAnswer;
  }

  /** Ends the process. */
  close(): void {
    this.#child.stdin?.end();
    this.#child.kill();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

async function read(id: PeerId, lines: AsyncIterator<string>): Promise<Record<string, unknown>> {
  const { value, done } = await lines.next();
  if (done) throw new Error(`the peer ${id} ended without an answer; its message is above`);
  const answer = JSON.parse(value) as Record<string, unknown>;
  if (answer.error) throw new Error(`the peer ${id} refused: ${answer.error}`);
  return answer;
}
