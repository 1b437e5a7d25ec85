/**
 * Colour to gray as Pillow's `convert("L")` does it, which torchvision's `Grayscale` calls: L = (299 R + 587 G + 114 B) /
 * 1000 in 16-bit fixed point, (19595 R + 38470 G + 7471 B + 2^15) >> 16. Equal to Pillow 9.4 for all 2^24 colours.
 */
export const luma = (r: number, g: number, b: number): number => (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16;

/** (n, 3, pixels) to (n, pixels). */
export function grayOf(images: Uint8Array, pixels: number): Uint8Array {
  const n = images.length / (3 * pixels);
  const gray = new Uint8Array(n * pixels);
  for (let i = 0; i < n; i++) {
    const at = i * 3 * pixels;
    for (let p = 0; p < pixels; p++)
      gray[i * pixels + p] = luma(images[at + p], images[at + pixels + p], images[at + 2 * pixels + p]);
  }
  return gray;
}
