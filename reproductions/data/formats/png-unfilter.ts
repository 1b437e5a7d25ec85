/** PNG's five row filters (PNG specification, section 9), undone in place. */

/** Rows of `stride` bytes behind a filter byte each; `step` is bytes per pixel, at least 1. Null when a filter is unknown. */
export function unfilter(raw: Uint8Array, height: number, stride: number, step: number): Uint8Array | null {
  const pixels = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    const from = y * (stride + 1) + 1;
    const to = y * stride;
    const up = to - stride;
    switch (filter) {
      case 0:
        pixels.set(raw.subarray(from, from + stride), to);
        break;
      case 1:
        for (let i = 0; i < stride; i++) pixels[to + i] = raw[from + i] + (i < step ? 0 : pixels[to + i - step]);
        break;
      case 2:
        for (let i = 0; i < stride; i++) pixels[to + i] = raw[from + i] + (y ? pixels[up + i] : 0);
        break;
      case 3:
        for (let i = 0; i < stride; i++) {
          const left = i < step ? 0 : pixels[to + i - step];
          pixels[to + i] = raw[from + i] + ((left + (y ? pixels[up + i] : 0)) >> 1);
        }
        break;
      case 4:
        for (let i = 0; i < stride; i++) {
          const left = i < step ? 0 : pixels[to + i - step];
          const above = y ? pixels[up + i] : 0;
          pixels[to + i] = raw[from + i] + paeth(left, above, y && i >= step ? pixels[up + i - step] : 0);
        }
        break;
      default:
        return null;
    }
  }
  return pixels;
}

/** Whichever of the three is nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const a = Math.abs(above - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + above - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? above : corner;
}
