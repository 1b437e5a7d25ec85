/**
 * Colour to gray as Pillow's `convert("L")` does it, which torchvision's `Grayscale` calls: L = (299 R + 587 G + 114 B) /
 * 1000 in 16-bit fixed point, (19595 R + 38470 G + 7471 B + 2^15) >> 16. Equal to Pillow 9.4 for all 2^24 colours.
 */
export const luma = (r: number, g: number, b: number): number => (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16;
