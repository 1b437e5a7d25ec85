/**
 * Other libraries as peers of a measurement: one process per library stays alive, reads one JSON request a line and
 * answers with one JSON line. Both sides make their inputs by the same rule (`peerValue`), so that `sums` of the
 * results show that the peer computes what we compute.
 *
 *   fftw     FFTW 3, single precision, measured plans, fused by row as a user would write it    (fftw.cc)
 *   openblas cblas_sgemm of the OpenBLAS that is installed                                      (openblas.cc)
 *   pytorch  eager lines as the papers' code has them: rfft, multiply, irfft; softmax(q k^T) v; conv1d  (pytorch.py)
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

/** Causal convolution with skip term, kernel as long as the input: u (B, H, L), k (H, L), D (H), y (B, H, L). */
export type ConvolutionTask = { op: 'fft-conv'; B: number; H: number; L: number };

/** c = op(a) b^T for each of a batch: a (batch, M, K), or (batch, K, M) with `transA`; b (N, K) shared; c (batch, M, N). */
export type ProductTask = { op: 'gemm'; batch: number; M: number; N: number; K: number; transA: boolean };

/** softmax(q k^T / sqrt d) v with the matrix in memory: q, k, v, o (B, L, h, d). */
export type AttentionTask = { op: 'attention'; B: number; L: number; h: number; d: number; causal: boolean };

/** Causal depthwise convolution of few taps: x (B, D, L), w (D, K), whose last tap meets the present; y (B, D, L). */
export type ShortConvolutionTask = { op: 'short-conv'; B: number; D: number; L: number; K: number };

export type PeerTask = ConvolutionTask | ProductTask | AttentionTask | ShortConvolutionTask;

export interface PeerRun {
  pass: 'forward' | 'backward' | 'forward+backward';
  threads: number;
  /** Timed runs, after one that is not timed. */
  repeats: number;
  /** Default `wall`; `cpu`: time of the processor, all threads of the peer together. */
  clock?: 'wall' | 'cpu';
}

export type PeerRequest = PeerTask & PeerRun;

export interface PeerAnswer {
  seconds: number[];
  /** Sums of squares of what the pass computed, by name: y, du, dk, dD; c, da, db; o, dq, dk, dv; y, dx, dw. */
  sums: Record<string, number>;
}

/**
 * Element i of operand number `stream`, in [-1, 1): 0, 1, 2 are the inputs in the order of the formula, 3 the upstream
 * gradient. The convolution's k is divided by sqrt L.
 */
export function peerValue(stream: number, i: number): number {
  let x = (Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) >>> 0;
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39) >>> 0;
  x = (x ^ (x >>> 15)) >>> 0;
  return (x >>> 8) / 8388608 - 1;
}

export const peerIds = ['fftw', 'openblas', 'pytorch'] as const;
export type PeerId = (typeof peerIds)[number];

/** Who computes what. */
export const peersOf = {
  'fft-conv': ['fftw', 'pytorch'],
  gemm: ['openblas'],
  attention: ['pytorch'],
  'short-conv': ['pytorch'],
} as const satisfies Record<PeerTask['op'], readonly PeerId[]>;

interface Launch {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

/** Compiles <id>.cc for this machine when a source is newer than what is there; `refusal` reads what g++ wrote. */
async function compiled(id: PeerId, flags: string[], refusal: (text: string) => string | null): Promise<string> {
  const source = join(here, `${id}.cc`);
  const folder = join(here, '..', '..', 'build', 'peers');
  const command = join(folder, id);
  const newest = Math.max(...[source, join(here, 'protocol.h')].map((file) => statSync(file).mtimeMs));
  if (!existsSync(command) || statSync(command).mtimeMs < newest) {
    mkdirSync(folder, { recursive: true });
    const part = `${command}.${process.pid}.part`;
    try {
      await run(process.env.CXX ?? 'g++', ['-std=c++20', '-O3', '-march=native', source, '-o', part, ...flags]);
    } catch (e) {
      const text = String((e as { stderr?: string }).stderr ?? e);
      throw new DeviceUnavailableError(
        refusal(text) ?? `the peer ${id} did not compile (install g++ if it is missing): ${text.trim().split('\n')[0]}`,
      );
    }
    renameSync(part, command);
  }
  return command;
}

async function fftw(): Promise<Launch> {
  const command = await compiled('fftw', ['-ffast-math', '-pthread', '-lfftw3f'], (text) =>
    /fftw3\.h|lfftw3f/.test(text)
      ? 'the peer fftw needs FFTW 3: install it with "apt-get install libfftw3-dev" (or your system\'s equivalent)'
      : null,
  );
  return { command, args: [] };
}

/** The library is found when the process starts; LONGCONV_OPENBLAS names another one. */
async function openblas(): Promise<Launch> {
  const command = await compiled('openblas', ['-ldl'], () => null);
  // Threads that wait for work spin: by default for 2^26 ticks, which would run into the time of the next candidate.
  const env = process.env.OPENBLAS_THREAD_TIMEOUT ? undefined : { OPENBLAS_THREAD_TIMEOUT: '20' };
  return { command, args: [process.env.LONGCONV_OPENBLAS ?? 'libopenblas.so.0'], env };
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

const launchers: Record<PeerId, () => Promise<Launch>> = { fftw, openblas, pytorch };

/** Those of the peers that can be started here, and why the others cannot. */
export async function presentPeers(ids: readonly PeerId[]): Promise<{ present: PeerId[]; absent: string[] }> {
  const present: PeerId[] = [];
  const absent: string[] = [];
  for (const id of ids)
    try {
      (await Peer.open(id)).close();
      present.push(id);
    } catch (e) {
      if (!(e instanceof DeviceUnavailableError)) throw e;
      absent.push(e.message);
    }
  return { present, absent };
}

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
  if (answer.unavailable) throw new DeviceUnavailableError(String(answer.unavailable));
  if (answer.error) throw new Error(`the peer ${id} refused: ${answer.error}`);
  return answer;
}
