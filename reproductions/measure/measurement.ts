/**
 * The contract of a claim that is measured: times, ratios of times, bytes, counts. What a number of this machine can
 * say about a number of another one depends on what it is, so every case says how it is judged.
 */
import type { MeasuredRow, Observation } from '../../results/measurement.ts';
import type { ClaimFacts, Scale } from '../claim.ts';

/**
 * `exact`    follows from the definition, on any device: equal or not.
 * `sample`   a draw that no device decides: the published one lies in our interval for another draw, or not.
 * `ratio`    of times or bytes of two systems measured side by side: on the same side of 1 as published, or not.
 * `ceiling`  an amount that the paper says is enough: ours is within it, or not.
 * `beside`   stands beside the published number, if there is one, and is not judged.
 */
export type Judgement = 'exact' | 'sample' | 'ratio' | 'ceiling' | 'beside';

/** The cell of the paper that a row stands beside. */
export interface Target {
  /** Row of the published numbers. */
  model: string;
  task: string;
  /** The published number is of these lengths alone. */
  lengths?: { least: number; most: number };
  /** What the paper says in words where its number was not found: the ratio is above 1. */
  inWords?: 'above 1';
}

export interface MeasuredCase {
  /** As tables print it. */
  title: string;
  /** `x` for a ratio, `ms`, `bytes`, `tokens/s`, or what is counted. */
  unit: string;
  judged: Judgement;
  /** By system. Systems without one are shown, and not judged. */
  targets?: Record<string, Target>;
}

/** One `bench run`: a suite and its options, as typed. */
export type SuiteRun = string;

export interface MeasureContext {
  /** `cpu`, `webgpu:0`: as `--device` gives it. */
  device: string;
  scale: Scale;
  signal: AbortSignal;
  /** Where the records of suites are kept. */
  folder: string;
  say(text: string): void;
}

export interface MeasurementClaim extends ClaimFacts {
  kind: 'measurement';
  systems: Record<string, string>;
  cases: Record<string, MeasuredCase>;
  /** The rows that stand for the claim in short tables, under short names. Default: the first that is judged. */
  headline?: readonly { title: string; case: string; system: string }[];
  /** Which suites are run with which options, by scale, one after the other; none for a claim that measures by itself. */
  runs: Record<Scale, readonly SuiteRun[]>;
  /** What is measured besides the suites. Throws `InterruptedError` when the signal says so. */
  measure?(context: MeasureContext): Promise<Observation[]>;
  /** Rows of observations: a pure function, so that evidence can be checked without measuring again. */
  rows(observations: readonly Observation[], scale: Scale): MeasuredRow[];
  /** What no measurement can come to, in sentences; for reading evidence again. */
  impossible?(rows: readonly MeasuredRow[]): string[];
  /** What the rows show and what they do not, printed below them. */
  notes(rows: readonly MeasuredRow[], scale: Scale): string[];
}
