/**
 * White and pink noise out of whole random words: only sums and products of numbers, so the same on every engine.
 * White: the sum of the four bytes of a word, centred: nearly normal. Pink (Voss and McCartney): a white source for each
 * octave, the k-th drawn anew every 2^k samples, all added; its power falls by 3 dB an octave.
 */
import type { Draws } from '../draws.ts';

export type Colour = 'white' | 'pink';
const OCTAVES = 12;

export function noise(colour: Colour, n: number, draws: Draws): Float64Array {
  const values = new Float64Array(n);
  if (colour === 'white') {
    for (let i = 0; i < n; i++) values[i] = white(draws);
    return values;
  }
  const rows = Float64Array.from({ length: OCTAVES }, () => white(draws));
  let sum = rows.reduce((a, b) => a + b, 0);
  for (let i = 0; i < n; i++) {
    // The number of zeros at the end of i + 1 says which octave's turn it is.
    const octave = Math.min(OCTAVES - 1, 31 - Math.clz32((i + 1) & -(i + 1)));
    const value = white(draws);
    sum += value - rows[octave];
    rows[octave] = value;
    values[i] = sum + white(draws);
  }
  return values;
}

function white(draws: Draws): number {
  const word = draws.word();
  return (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24) - 510;
}
