/**
 * Checkpoints of a run: `step-<n>.safetensors` (parameters, buffers, AdamW moments) and `step-<n>.json` beside it
 * (everything else that the next step depends on, and the SHA-256 of the tensors). The JSON is written last and
 * carries its own hash, so a checkpoint is there whole or not at all. The last two and the best one are kept; what a
 * process that was killed left half done goes with the next one.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PlateauState } from '../../models/training/schedule.ts';
import { canonical } from '../../results/record.ts';
import { setAside, writeAtomically } from '../data/cache.ts';
import type { Cursor } from './order.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts';

export interface CheckpointState {
  schema: 'longconv-checkpoint-2';
  /** Optimiser steps done. */
  step: number;
  configHash: string;
  /** Marks of the random streams. */
  streams: Record<string, number>;
  /** Where the data are. */
  data: Cursor;
  /** AdamW's own count per parameter. */
  optimizerSteps: Record<string, number>;
  /** Step after which the validation split was last looked at, and the best of them. */
  evaluated: number;
  best: { step: number; value: number; loss: number } | null;
  /** Evaluations since the best one, and where the rate stands that follows the validation split. */
  stale: number;
  plateau: PlateauState | null;
  /** Seconds of training so far, over all sessions. */
  seconds: number;
  /** Examples and tokens seen. */
  examples: number;
  tokens: number;
}

export interface Checkpoint {
  state: CheckpointState;
  tensors: Map<string, NamedTensor>;
}

interface SideFile {
  state: CheckpointState;
  tensors: { bytes: number; sha256: string };
  /** SHA-256 of the canonical JSON of the other fields. */
  sha256: string;
}

const sha256 = (...parts: (Uint8Array | string)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** It is whole, and of another run. */
class ForeignError extends Error {}

const names = /^step-(\d+)\.(?:json|safetensors)(?:\.[\d-]+\.tmp)?$/;

export class CheckpointFolder {
  /** `configHash`: of the run whose checkpoints these are; null: whatever is there. */
  constructor(
    readonly folder: string,
    readonly configHash: string | null,
    readonly warn: (line: string) => void,
  ) {}

  /** Steps that have a checkpoint, ascending. */
  steps(): number[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder)
      .map((f) => /^step-(\d+)\.json$/.exec(f))
      .filter((m) => m !== null)
      .map((m) => Number(m[1]))
      .sort((a, b) => a - b);
  }

  save({ state, tensors }: Checkpoint): void {
    mkdirSync(this.folder, { recursive: true });
    const parts = encodeSafetensors(tensors, { step: String(state.step), config: state.configHash });
    writeAtomically(this.#path(state.step, 'safetensors'), parts);
    const content = { state, tensors: { bytes: parts.reduce((n, p) => n + p.length, 0), sha256: sha256(...parts) } };
    const side: SideFile = { ...content, sha256: sha256(canonical(content)) };
    writeAtomically(this.#path(state.step, 'json'), [new TextEncoder().encode(`${JSON.stringify(side, null, 1)}\n`)]);
    this.#prune(state);
  }

  /** The newest checkpoint that is intact; damaged and foreign ones are named and set aside. null: there is none. */
  latest(): Checkpoint | null {
    for (const step of this.steps().reverse()) {
      const checkpoint = this.load(step);
      if (checkpoint) return checkpoint;
    }
    return null;
  }

  /** The checkpoint of a step; null when it is damaged or foreign (then it is named and set aside) or not there. */
  load(step: number): Checkpoint | null {
    const path = this.#path(step, 'json');
    if (!existsSync(path)) return null;
    try {
      return this.#read(step);
    } catch (error) {
      const what = error instanceof ForeignError ? 'foreign' : 'corrupt';
      const files = ['json', 'safetensors'].map((kind) => this.#path(step, kind)).filter((p) => existsSync(p));
      const aside = files.map((file) => setAside(file, what));
      this.warn(`checkpoint ${path} is ${what} (${(error as Error).message}): set aside as ${aside.join(' and ')}`);
      return null;
    }
  }

  #read(step: number): Checkpoint {
    let side: SideFile;
    try {
      side = JSON.parse(readFileSync(this.#path(step, 'json'), 'utf8'));
    } catch {
      throw new Error('its side file is not JSON');
    }
    const { sha256: hash, ...content } = side;
    if (hash !== sha256(canonical(content))) throw new Error('the checksum of its side file does not match');
    const { schema, configHash } = side.state;
    if (schema !== 'longconv-checkpoint-2') throw new ForeignError(`it is of the kind ${schema}`);
    if (side.state.step !== step) throw new ForeignError(`it is of step ${side.state.step}`);
    if (this.configHash !== null && configHash !== this.configHash)
      throw new ForeignError(`it belongs to the configuration ${configHash}, this run has ${this.configHash}`);
    const path = this.#path(step, 'safetensors');
    if (!existsSync(path)) throw new Error('its tensors are missing');
    const bytes = readFileSync(path);
    if (bytes.length !== side.tensors.bytes || sha256(bytes) !== side.tensors.sha256)
      throw new Error('the checksum of its tensors does not match');
    return { state: side.state, tensors: decodeSafetensors(bytes) };
  }

  #prune(state: CheckpointState): void {
    const steps = this.steps();
    const keep = new Set([...steps.slice(-2), state.step, ...(state.best ? [state.best.step] : [])]);
    // The side files first: tensors alone are no checkpoint.
    for (const file of readdirSync(this.folder).sort()) {
      const step = names.exec(file)?.[1];
      if (step !== undefined && (file.endsWith('.tmp') || !keep.has(Number(step))))
        rmSync(join(this.folder, file), { force: true });
    }
  }

  #path(step: number, kind: string): string {
    return join(this.folder, `step-${String(step).padStart(8, '0')}.${kind}`);
  }
}
