/**
 * The claim contract: one file per claim in `claims/`, found by discovery, default-exporting a `Claim`: which
 * numbers of which paper, and by which criterion they are judged. A claim of training says on which data, with which
 * complete configuration at each scale, and against which baselines; a claim of measurement says what is timed or
 * counted.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Comparison } from './comparison.ts';
import type { AnyDataset } from './data/dataset.ts';
import type { DataDefinition } from './data/definition.ts';
import type { MeasurementClaim } from './measure/measurement.ts';
import type { UnseededPlan } from './train/plan.ts';
import type { Results, Verdict } from './verdict.ts';

/**
 * smoke: proves that everything runs and learns, in seconds to three minutes on two cores. desk: really learns, in
 * minutes to hours on a laptop. paper: the published configuration. Only paper scale can reproduce a number.
 */
export const scales = ['smoke', 'desk', 'paper'] as const;
export type Scale = (typeof scales)[number];

export interface DataOptions {
  /** `--data`: real, offline, auto, a dataset, or a folder with the published files (`data/choose.ts`). */
  data: string;
  /** Fetches the published files of a dataset; absent: they must be here. */
  fetch?(definition: DataDefinition): Promise<void>;
  signal?: AbortSignal;
  progress?(done: number, total: number): void;
}

export interface ClaimModel {
  /** As tables print it. */
  title: string;
  /** Row name in the published numbers; null: the paper has none. */
  published: string | null;
  /** What tells its row from others of that name, such as the size: `details` of the row that are equal. */
  details?: Readonly<Record<string, string | number>>;
}

export interface ClaimFacts {
  id: string;
  title: string;
  paper: { title: string; arxiv: string };
  /** Which table or figure. */
  table: string;
  /** File in `results/published`. */
  published: string;
  /** The claim in one sentence, as it will be judged: written before the run. */
  criterion: string;
  /** What a run costs, for `repro list`. */
  cost: Record<Scale, string>;
  /**
   * What the evidence shows and does not show, in one or two sentences written after looking at it. Without numbers:
   * those stand in the tables, which are made from the evidence.
   */
  shows?: string;
}

/** A test without training: these data have every `rate`-th sample of what the model was trained on. */
export interface FurtherTest {
  task: string;
  data: AnyDataset;
  rate: number;
}

/** A search for each model's learning rate: the same settings, rates, steps and seeds for all of them. */
export interface RateSearch {
  /** Where the rates are used, and the tasks that they are chosen on, each by itself. */
  scale: Scale;
  tasks: readonly string[];
  rates: readonly number[];
  /** Of the plan's steps, the share that a trial is made of. Default 1. */
  share?: number;
  /** Names of what else was tried for all models together; the claim runs with the last one. Absent: nothing was. */
  settings?: readonly string[];
  /** The plan of that scale at a rate. */
  plan(model: string, task: string, rate: number, setting?: string): UnseededPlan;
}

/** Another claim with runs of the same plans on the same data. */
export interface Share {
  claim: string;
  /** Task here by task there. */
  tasks: Readonly<Record<string, string>>;
  models: readonly string[];
  /** The one dataset whose runs count here too, where the claims have other data otherwise. Default: all of them. */
  data?: string;
}

/** The task under which another claim's run counts here; undefined when it does not. */
export function sharedTask(
  { tasks, models, data }: Share,
  run: { task: string; model: string; data: { id: string } },
): string | undefined {
  return models.includes(run.model) && (data === undefined || run.data.id === data) ? tasks[run.task] : undefined;
}

export interface TrainingClaim extends ClaimFacts {
  kind: 'training';
  /** The model that the paper proposes; the others are baselines. */
  subject: string;
  models: Record<string, ClaimModel>;
  /** Task ids, with their names in the published numbers. */
  tasks: Record<string, string>;
  /** The tasks that stand for the claim in short tables. Default: its first ones. */
  headline?: readonly string[];
  /** What is run when nothing is asked for. */
  defaults: Record<Scale, { tasks: string[]; models: string[] }>;
  openData(task: string, scale: Scale, options: DataOptions): Promise<AnyDataset>;
  /**
   * Tasks that no model is trained on: once trained on another, it is tested on these data too, at another sampling rate.
   * They are among `tasks`, for their published numbers.
   */
  further?(task: string, model: string, scale: Scale, options: DataOptions): Promise<FurtherTest[]>;
  /** Throws `UsageError` when the model has no configuration for the task. */
  plan(model: string, task: string, scale: Scale): UnseededPlan;
  /** What the claim says of two of its rows together. */
  comparisons?: readonly Comparison[];
  /** Claims some of whose runs are runs of this claim too: they are not made twice. */
  shares?: readonly Share[];
  /** What was chosen on validation data, and how it can be chosen again (`repro search`). */
  search?: RateSearch;
  /** In the published unit: how much worse than published still counts as reproduced. */
  tolerance: number;
  /** Default: `usualVerdict` with the tolerance. */
  verdict?(results: Results): Verdict;
}

export type Claim = TrainingClaim | MeasurementClaim;

const folder = join(dirname(fileURLToPath(import.meta.url)), 'claims');

export const claimIds = (): string[] =>
  readdirSync(folder)
    .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))
    .map((f) => f.slice(0, -3))
    .sort();

export async function loadClaim(id: string): Promise<Claim> {
  const path = join(folder, `${id}.ts`);
  if (!existsSync(path)) throw new Error(`there is no claim "${id}"`);
  return (await import(pathToFileURL(path).href)).default as Claim;
}
