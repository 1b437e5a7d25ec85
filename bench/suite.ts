/**
 * The suite contract: one file per suite in `suites/`, found by discovery, default-exporting a `Suite`. A suite says
 * what it measures and how a case is built and checked; sampling, statistics, records and tables are shared.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Device } from '../kernels/device/device.ts';
import type { BenchRecord, Row } from '../results/record.ts';
import type { Column } from '../results/tables.ts';
import type { Roofline } from './measure/roofline.ts';
import type { Plan, RoundReport } from './measure/sampling.ts';
import type { Group } from './measure/workload.ts';

export type Scale = 'quick' | 'full';
export const scales: readonly Scale[] = ['quick', 'full'];

/** What the command line asked for; undefined: the suite's own choice. */
export interface SuiteOptions {
  scale: Scale;
  models?: string[];
  lengths?: number[];
  rounds?: number;
  batch?: number;
  width?: number;
  layers?: number;
  peers: string[];
  seed: number;
}

/** What a suite reports for one case; the runner adds where and when and makes it a record. */
export interface Measurement
  extends Pick<
    BenchRecord,
    'config' | 'data' | 'samples' | 'statistics' | 'error' | 'peak_bytes' | 'flops' | 'bytes' | 'interrupted' | 'row'
  > {
  /** Start of the case. */
  time: string;
}

export interface SuiteContext {
  device: Device;
  options: SuiteOptions;
  /** Aborted by Ctrl-C; sampling stops by itself, then `stopIfInterrupted` ends the suite. */
  signal: AbortSignal;
  /** The device's ceilings, measured in this run; null where they cannot be measured. */
  roofline: Roofline | null;
  /** How many rounds and samples, from the scale and `--rounds`. */
  plan: Plan;
  emit(m: Measurement): Promise<void>;
  say(text: string): void;
  live(text: string): void;
  /** Where sampling is. */
  progress(group: Group, report: RoundReport): void;
}

export interface Suite {
  id: string;
  title: string;
  /** The claim that it settles, in one sentence. */
  claim: string;
  /** What `--models` may name, in table order. */
  models: readonly string[];
  /** Default lengths by scale. */
  lengths: Record<Scale, readonly number[]>;
  /** Libraries that `--peer` may name here. */
  peers?: readonly string[];
  columns: Column[];
  /** Lines under the table: sizes, how to read it, where published numbers come from. */
  caption(options: SuiteOptions, rows: readonly Row[]): string[];
  /** What will be measured on the device, before anything is allocated. */
  groups(device: Device, options: SuiteOptions): Promise<Group[]>;
}

const folder = join(dirname(fileURLToPath(import.meta.url)), 'suites');

export const suiteIds = (): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))
        .map((f) => f.slice(0, -3))
        .sort()
    : [];

export const loadSuite = async (id: string): Promise<Suite> =>
  (await import(pathToFileURL(join(folder, `${id}.ts`)).href)).default;
