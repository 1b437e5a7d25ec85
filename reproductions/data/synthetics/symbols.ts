/** Many uniform symbols at once: a 32-bit word of Philox holds several digits to a small base. */
import type { Draws } from '../draws.ts';

/**
 * Writes `count` independent uniform integers of [0, below) to out[start], out[start + step], ... . A word's upper 31
 * bits are taken as m digits to the base `below`, m the largest with below^m <= 2^31, after rejecting the words beyond
 * the last whole multiple of below^m: exactly uniform, with one word for m symbols.
 */
export function drawSymbols(
  draws: Draws,
  below: number,
  out: Uint8Array | Int32Array,
  start: number,
  count: number,
  step = 1,
): void {
  let digits = 1;
  let span = below;
  while (below > 1 && span * below <= 2 ** 31) {
    span *= below;
    digits++;
  }
  const limit = Math.floor(2 ** 31 / span) * span;
  const end = start + count * step;
  for (let at = start; at < end; ) {
    const word = draws.word() >>> 1;
    if (word >= limit) continue;
    let rest = word % span;
    for (let d = 0; d < digits && at < end; d++, at += step) {
      const next = (rest / below) | 0;
      out[at] = rest - next * below;
      rest = next;
    }
  }
}
