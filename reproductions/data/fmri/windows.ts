/**
 * Windows of a run, as athms/learning-from-brains cuts them (`BaseBatcher._sample_seq_on_and_len`, seq_min 10, seq_max
 * 50, and `CSMEmbedder.mask_inputs`):
 *
 *     length  uniform in [10, min(50, T)); all of a run of T <= 10 steps, 10 of one of 11
 *     start   uniform on 0, length, 2 length, ... below T - length
 *     hidden  uniform in [1, length)
 *
 * so a window has at most 49 steps, and the last `length` steps of a run are never reached when T is a multiple of it.
 */
import type { Draws } from '../draws.ts';

const SHORTEST = 10;
/** Steps that every window is padded to. */
export const WINDOW = 50;

export interface Window {
  start: number;
  length: number;
  /** Counted from the start of the window. */
  hidden: number;
}

/** Draws a window of a run of `steps` >= 2 steps. */
export function drawWindow(draws: Draws, steps: number): Window {
  let start = 0;
  let length = steps;
  if (steps > SHORTEST) {
    length = SHORTEST + draws.integer(Math.max(1, Math.min(WINDOW, steps) - SHORTEST));
    start = length * draws.integer(Math.ceil((steps - length) / length));
  }
  return { start, length, hidden: 1 + draws.integer(length - 1) };
}

/** Seconds between two rows of the table of time stamps, and the last one's time. */
const STAMP = 0.2;
const LAST = 300;
/** Rows of the table: 0 s, 0.2 s, ..., 299.8 s, and one that only other tasks of the published code use. */
export const STAMPS = 1501;

/**
 * Row of the time stamp of step t of a window: round(t TR / 0.2), to even, in single precision as in
 * `convert_t_rs_to_position_ids` on a CPU (CUDA multiplies by 5, so ties such as 17 x 0.7 s can fall the other way).
 * Time begins with the window.
 */
export function stampOf(step: number, repetitionTime: number): number {
  const seconds = Math.fround(step * Math.fround(repetitionTime));
  const ratio = Math.fround(seconds / Math.fround(STAMP));
  const low = Math.floor(ratio);
  return ratio - low > 0.5 || (ratio - low === 0.5 && low % 2) ? low + 1 : low;
}

/** Whether the table has a time stamp for every step of the longest window. */
export const hasStamps = (repetitionTime: number): boolean => (WINDOW - 1) * repetitionTime < LAST;
