/** Paddles and markers as small grey images, drawn large and shrunk as the published generator does it. */
import { readFileSync } from 'node:fs';
import { resize } from './lanczos.ts';
import { ANTIALIAS, type PathfinderSettings } from './settings.ts';

/** A paddle at one angle. Pixel (dy, dx) from its starting point is at (dy + half) * side + dx + half. */
export interface Paddle {
  half: number;
  side: number;
  /** The line, and the space it takes, in grey levels 0..255. */
  line: Uint8Array;
  mask: Uint8Array;
  /** Rows and columns outside which line and mask are zero, relative to the starting point. */
  box: { top: number; bottom: number; left: number; right: number };
}

/** The point at distance d in direction t: both coordinates rounded up, as in the published generator. */
export const move = (y: number, x: number, t: number, d: number): [number, number] => [
  Math.ceil(y + d * Math.sin(t)),
  Math.ceil(x + d * Math.cos(t)),
];

/** Spans of a line by end point: first row, then first and last column of each row. */
const lines = new Map<string, number[]>();

function spans(width: number, endRow: number, endColumn: number, length: number): number[] {
  if (!lines.size) {
    let head = '';
    for (const text of readFileSync(new URL('./lines.txt', import.meta.url), 'utf8').split('\n')) {
      if (text.startsWith('width')) head = text.replace(/\D+/g, ' ').trim();
      else if (text && !text.startsWith('#')) {
        const [row, column, ...rest] = text.split(' ').map(Number);
        lines.set(`${head} ${row} ${column}`, rest);
      }
    }
  }
  const found = lines.get(`${width} ${length} ${endRow} ${endColumn}`);
  if (!found) throw new Error(`pathfinder: no line of width ${width} ends at row ${endRow}, column ${endColumn}`);
  return found;
}

/** The paddle that points in direction `angle` (radians) from its starting point. */
export function drawPaddle(settings: PathfinderSettings, margin: number, angle: number): Paddle {
  const { length, thickness } = settings;
  const half = length + Math.ceil(thickness) + margin;
  const side = 2 * half + 1;
  const centre = half * ANTIALIAS;
  const fine = 2 * centre + 1;
  const reach = length * ANTIALIAS;
  const [endY, endX] = move(centre, centre, angle, reach);
  const [firstRow, ...columns] = spans(Math.round(thickness * ANTIALIAS), endY - centre, endX - centre, reach);
  const line = new Uint8Array(fine * fine);
  const mask = new Uint8Array(fine * fine);
  const radius = margin * ANTIALIAS;
  for (let i = 0; i < columns.length; i += 2) {
    const y = centre + firstRow + i / 2;
    for (let x = centre + columns[i]; x <= centre + columns[i + 1]; x++) {
      line[y * fine + x] = 255;
      for (let dy = -radius; dy <= radius; dy++)
        for (let dx = -radius; dx <= radius; dx++)
          if (dy * dy + dx * dx <= radius * radius && inside(y + dy, fine) && inside(x + dx, fine))
            mask[(y + dy) * fine + x + dx] = 255;
    }
  }
  const patches = [line, mask].map((patch) => resize(patch, fine, fine, side, side));
  return { half, side, line: patches[0], mask: patches[1], box: boxOf(patches, half, side) };
}

/** Paints a disc around (y, x) into `image` (size x size) by the larger of the two levels. */
export function paintDisc(image: Uint8Array, size: number, y: number, x: number, radius: number): void {
  const reach = Math.ceil(radius) + 6;
  const top = Math.max(y - reach, 0);
  const left = Math.max(x - reach, 0);
  const height = Math.min(y + reach + 1, size) - top;
  const width = Math.min(x + reach + 1, size) - left;
  const fine = new Uint8Array(height * width * ANTIALIAS * ANTIALIAS);
  for (let i = 0; i < height * ANTIALIAS; i++)
    for (let j = 0; j < width * ANTIALIAS; j++) {
      const dy = i - (y - top) * ANTIALIAS;
      const dx = j - (x - left) * ANTIALIAS;
      if (dy * dy + dx * dx <= (radius * ANTIALIAS) ** 2) fine[i * width * ANTIALIAS + j] = 255;
    }
  const disc = resize(fine, height * ANTIALIAS, width * ANTIALIAS, height, width);
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const at = (top + i) * size + left + j;
      if (disc[i * width + j] > image[at]) image[at] = disc[i * width + j];
    }
}

const inside = (i: number, size: number): boolean => i >= 0 && i < size;

function boxOf(patches: Uint8Array[], half: number, side: number): Paddle['box'] {
  const box = { top: half, bottom: -half, left: half, right: -half };
  patches[0].forEach((_, at) => {
    if (patches.every((patch) => patch[at] === 0)) return;
    const y = Math.floor(at / side) - half;
    const x = (at % side) - half;
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
  });
  return box;
}
