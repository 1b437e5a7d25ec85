/**
 * The mixer contract: one file per sequence mixer in `mixers/`, found by discovery, default-exporting a
 * `MixerDefinition`. A mixer maps (B, L, H) to (B, L, H) including its output projection; norm, residual and
 * dropout around it belong to the block (`networks/backbone.ts`).
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Streams } from '../kernels/tensor/random.ts';
import type { Tape } from '../kernels/tensor/tape.ts';
import type { Tensor } from '../kernels/tensor/tensor.ts';
import { faultIn, type Options } from './options.ts';
import type { StoreView } from './parameters.ts';

export interface MixerContext {
  /** True length of each sequence of a padded batch: i32 (B). Absent: none is padded. */
  lengths?: Tensor | null;
  /**
   * What the block adds the mixer's output to, before any norm, for mixers that need it (Mega gates between it and its own
   * result). Absent: the input itself.
   */
  residual?: Tensor;
  /**
   * The sequence has every `rate`-th sample of what the mixer was trained on, a whole number: its kernel moves in steps of
   * as many (zero-shot tests at another sampling rate). Default 1. Evaluation only, and only of mixers with `anyRate`.
   */
  rate?: number;
}

export interface Mixer {
  /** `forward` heeds the context's `rate`, or no step sees another one. */
  anyRate?: true;
  forward(t: Tape, x: Tensor, context: MixerContext): Tensor;
  /**
   * Long convolutions and state spaces: the kernel, (C, H, length), as the convolution of a sequence of `length` steps
   * uses it (two-sided: 2C rows, past then future; gated models: of the long convolution alone).
   */
  kernel?(t: Tape, length: number): Tensor;
  /**
   * The recurrent form at the present parameters; absent for a mixer that has none. What it prepares (a discretised
   * state matrix, say) belongs to the scope of `t` in which it is called. Evaluation only: no gradient flows.
   */
  recurrence?(t: Tape): Promise<Recurrence>;
  /**
   * Makes sequences of up to `length` steps possible, where the parameters are tied to the length that they were made
   * for and can be turned into those of a longer one with the same values on shorter sequences (S4). It changes them:
   * a checkpoint taken afterwards belongs to a model of the new length. Absent: no such length, or no way beyond it.
   */
  extend?(length: number): Promise<void>;
}

/**
 * What a mixer remembers of a sequence: tensors of a size that does not grow with its length. A state may know more than
 * they hold (how far into a chunk it is): hand on the list itself, not a copy of it.
 */
export type MixerState = readonly Tensor[];

/**
 * A causal mixer as a state that moves along the sequence. `advance` over any cuts of a sequence gives what `forward`
 * gives on the whole: stretches of one step are the recurrence, longer ones the chunked evaluation of long inputs.
 */
export interface Recurrence {
  /** The state before the first step, of `batch` sequences. */
  start(batch: number): MixerState;
  /**
   * The next M >= 1 steps, x (B, M, H): their outputs (B, M, H) and the state after them. `state` stays as it is.
   * `residual`: as in the context of `forward`.
   */
  advance(t: Tape, x: Tensor, state: MixerState, residual?: Tensor): { y: Tensor; state: MixerState };
}

export interface MixerSize {
  /** Model width H. */
  width: number;
  /** Longest sequence L. */
  length: number;
  layers: number;
  /** Dropout inside the mixer (after its activation), as the block's. */
  dropout: number;
  tiedDropout: boolean;
  /** Which of the network's blocks with this mixer it is, and how many there are; default: the only one. */
  place?: { index: number; count: number };
}

/** A row of the tables: a mixer with the options that give it the paper's name. */
export interface System {
  /** As `--models` takes it. */
  id: string;
  /** As tables print it: "S4-FouT". */
  title: string;
  /** Options over the mixer's defaults. */
  config?: object;
  /** Options at the size of the LRA speed comparison (model width H), over `config` and what all systems share there. */
  lra?(width: number): object;
  /** It has a row there, beside this one of the published table if it has one. */
  speed?: { published: string | null };
  /** What follows the mixer in a layer of that comparison; default: the MLP that all have; null: nothing, as its paper. */
  feedForward?(width: number): { mixer: string; config?: object } | null;
  /** Where another paper than the mixer's introduced it. */
  paper?: MixerDefinition['paper'];
  /** Its names in the published tables (`results/published`). */
  published?: readonly string[];
  /** The golden cases that pin it, by a part of their names, if not all of the mixer's. */
  cases?: RegExp;
}

export interface MixerDefinition<C extends object = Record<string, unknown>> {
  id: string;
  /** As tables print it: "S4D", "Long Conv". */
  title: string;
  paper: { title: string; arxiv: string; year: number };
  kind: 'attention' | 'state space' | 'convolution' | 'feed-forward' | 'recurrence';
  /**
   * Order of the arithmetic per layer in L (and N, d, ... where it matters), the dense maps aside: over a whole
   * sequence ("L log L", "L^2"), and of one step of the recurrent form, null when the cost of a step grows with L.
   */
  complexity: { sequence: string; step: string | null };
  /** Families of golden vectors that pin this mixer (`bench/golden/families`), networks aside. */
  golden: readonly string[];
  /** Its rows in the tables; default: one, of its own name. None for parts of other systems (`[]`). */
  systems?: readonly System[];
  /** The mixer applies the block's dropout itself, inside: the block adds its output as it is. */
  ownDropout?: boolean;
  /** Whether output t depends on inputs up to t only, in this configuration. */
  causal(config: C): boolean;
  defaults: C;
  /** What values each option may take. */
  options: Options<C>;
  /** Registers its parameters (initialised from the `init` stream) and returns the mixer. */
  build(store: StoreView, size: MixerSize, config: C, streams: Streams): Mixer;
}

/** The mixer's options: its defaults with `own` over them. Throws a sentence that names what is wrong with them. */
export function mixerConfig<C extends object>(definition: MixerDefinition<C>, own: object = {}): C {
  const fault = faultIn(`mixer ${definition.id}`, definition.options, own);
  if (fault) throw new RangeError(fault);
  return { ...definition.defaults, ...own };
}

const folder = join(dirname(fileURLToPath(import.meta.url)), 'mixers');

export function mixerIds(): string[] {
  return readdirSync(folder)
    .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))
    .map((f) => f.slice(0, -3))
    .sort();
}

export async function loadMixer(id: string): Promise<MixerDefinition> {
  const path = join(folder, `${id}.ts`);
  if (!existsSync(path)) throw new Error(`there is no mixer "${id}": choose one of ${mixerIds().join(', ')}`);
  return (await import(pathToFileURL(path).href)).default as MixerDefinition;
}
