/**
 * Orders in which the pixels of an image become a sequence, as in state-spaces/s4 (`src/utils/permutations.py`): entry t
 * is the row-major index of the pixel at step t.
 */

export const pixelOrders = ['row', 'bit-reversal', 'snake', 'hilbert', 'transpose'] as const;
export type PixelOrder = (typeof pixelOrders)[number];

export function pixelOrder(order: PixelOrder, height: number, width: number): Int32Array {
  switch (order) {
    case 'row':
      return Int32Array.from({ length: height * width }, (_, t) => t);
    case 'bit-reversal':
      return bitReversal(height * width);
    case 'snake':
      return snake(height, width);
    case 'hilbert':
      if (height !== width) throw new RangeError(`a Hilbert curve fills squares only, not ${height} x ${width}`);
      return hilbert(height);
    case 'transpose':
      return transpose(height, width);
    default:
      throw new RangeError(`the order of pixels can be ${pixelOrders.join(', ')}; not "${order as string}"`);
  }
}

/** Step t has the bits of t in reverse; when n is no power of two, what is beyond n is left out. */
export function bitReversal(n: number): Int32Array {
  const bits = Math.ceil(Math.log2(n));
  const order: number[] = [];
  for (let t = 0; t < 2 ** bits; t++) {
    let reversed = 0;
    for (let b = 0; b < bits; b++) reversed |= ((t >> b) & 1) << (bits - 1 - b);
    if (reversed < n) order.push(reversed);
  }
  return Int32Array.from(order);
}

/** Row by row, every second row from right to left (boustrophedon). */
export function snake(height: number, width: number): Int32Array {
  return Int32Array.from({ length: height * width }, (_, t) => {
    const row = Math.floor(t / width);
    return row % 2 ? row * width + (width - 1 - (t % width)) : t;
  });
}

/** Column by column. */
export function transpose(height: number, width: number): Int32Array {
  return Int32Array.from({ length: height * width }, (_, t) => (t % height) * width + Math.floor(t / height));
}

/**
 * The Hilbert curve through a square of side 2^m, from the upper left to the lower left corner. Each quarter is the curve
 * of half the side; the first is mirrored at one diagonal and the last at the other, and the two between lie as they are.
 */
export function hilbert(side: number): Int32Array {
  if (!Number.isInteger(Math.log2(side)))
    throw new RangeError(`a Hilbert curve needs a side that is a power of two, not ${side}`);
  return Int32Array.from({ length: side * side }, (_, t) => {
    let row = 0;
    let column = 0;
    for (let size = 1, rest = t; size < side; size *= 2, rest = Math.floor(rest / 4)) {
      const right = (rest ^ (rest >> 1)) & 1;
      const lower = (rest >> 1) & 1;
      if (!right) {
        if (lower) [row, column] = [size - 1 - row, size - 1 - column];
        [row, column] = [column, row];
      }
      row += size * lower;
      column += size * right;
    }
    return row * side + column;
  });
}
