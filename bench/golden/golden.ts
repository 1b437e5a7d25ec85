/**
 * Golden vectors (format `golden-1`): cases made by running the authors' own code in float64.
 *
 * One case is `<case>.json` (header) and `<case>.bin` (tensors back to back, little-endian, row-major). A
 * family's adapter (`families/<family>.ts`) feeds a case's inputs and parameters to our ops and models and
 * returns what they compute under the case's own tensor names; the runner compares.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Device } from '../../kernels/device/device.ts';

export interface GoldenTensor {
  name: string;
  role: 'input' | 'param' | 'output' | 'cotangent' | 'grad' | 'aux';
  dtype: 'f64' | 'i32';
  shape: number[];
  complex: boolean;
  offset: number;
  nbytes: number;
  /** For gradients: the tensor differentiated. */
  of?: string;
  axes?: string;
  data: Float64Array | Int32Array;
}

export interface GoldenCase {
  case: string;
  family: string;
  // biome-ignore lint/suspicious/noExplicitAny: every family has its own configuration keys
  config: Record<string, any>;
  notes: string;
  tolerance: { f64_rtol: number; f32_rtol: number; f32_losses_rtol?: number };
  tensors: GoldenTensor[];
  /** Tensor by name; throws when the case has none. */
  get(name: string): GoldenTensor;
  has(name: string): boolean;
}

/** What an adapter returns: computed tensors by their name in the case, and what ran. */
export interface GoldenResult {
  computed: Map<string, ArrayLike<number>>;
  implementation: string;
  /** Tensors that must not be compared on this device, by name (say why in the adapter). */
  skip?: Set<string>;
  /** Tolerance overrides by tensor name (e.g. `losses` of a training run). */
  tolerance?: Map<string, number>;
}

/** Thrown by an adapter for a case (or configuration) that is not implemented: the sentence is the reason. */
export class UnsupportedCase extends Error {
  override name = 'UnsupportedCase';
}

/** Throws `UnsupportedCase` when the case has an option that its adapter does not know. */
export function requireKnown(c: GoldenCase, keys: readonly string[]): void {
  const unknown = Object.keys(c.config).find((key) => key !== 'f32_max_rel_dev' && !keys.includes(key));
  if (unknown) throw new UnsupportedCase(`family ${c.family} has no option "${unknown}"`);
}

export interface GoldenFamily {
  /** Runs one case; every `output` and `grad` tensor of the case should be computed. */
  run(c: GoldenCase, device: Device): Promise<GoldenResult>;
}

/** The headers' paths of a folder, sorted. */
export function goldenFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((f) => f.endsWith('.json'))
    .sort()
    .map((f) => join(folder, f));
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of another program; the format is checked, its keys are used below
function readHeader(path: string): any {
  let header: { format?: unknown } | null;
  try {
    header = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new Error(`${path} is damaged: it is not JSON`);
  }
  if (header?.format !== 'golden-1') throw new Error(`${path} is no golden vector: its format is not golden-1`);
  for (const key of ['case', 'family', 'config', 'tolerance', 'payload', 'tensors'])
    if (!(key in header)) throw new Error(`${path} is damaged: it has no "${key}"`);
  return header;
}

/** Our own vectors. */
export const goldenFolder = join(dirname(fileURLToPath(import.meta.url)), 'vectors');

/** What a case is about, without its tensors. */
export interface CaseHeader {
  case: string;
  family: string;
  /** Of whole networks: their mixers, as the case calls them. */
  mixers: string[];
}

export const caseHeaders = (folder = goldenFolder): CaseHeader[] =>
  goldenFiles(folder).map((path) => {
    const { case: name, family, config } = readHeader(path);
    return { case: name, family, mixers: config.mixers ?? [] };
  });

/** Reads one case; throws one sentence when a file is missing, damaged or of another format. */
export function readGolden(path: string): GoldenCase {
  const header = readHeader(path);
  const payload = join(path, '..', String(header.payload));
  if (!existsSync(payload)) throw new Error(`${path}: its tensors are missing (no ${header.payload})`);
  const bytes = readFileSync(payload);
  if (bytes.length !== header.payload_bytes)
    throw new Error(`${header.payload}: ${bytes.length} bytes, the header says ${header.payload_bytes}`);
  if (createHash('sha256').update(bytes).digest('hex') !== header.payload_sha256)
    throw new Error(`${header.payload}: the checksum differs from the header's`);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const tensors: GoldenTensor[] = header.tensors.map((t: Omit<GoldenTensor, 'data'>) => ({
    ...t,
    data:
      t.dtype === 'f64'
        ? new Float64Array(buffer.slice(t.offset, t.offset + t.nbytes))
        : new Int32Array(buffer.slice(t.offset, t.offset + t.nbytes)),
  }));
  const byName = new Map(tensors.map((t) => [t.name, t]));
  return {
    ...header,
    tensors,
    has: (name: string) => byName.has(name),
    get: (name: string) => {
      const t = byName.get(name);
      if (!t) throw new Error(`${header.case} has no tensor "${name}"`);
      return t;
    },
  };
}
