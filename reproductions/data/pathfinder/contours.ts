/**
 * Pathfinder images (Linsley et al. 2018, "Learning long-range spatial dependencies with horizontal gated
 * recurrent units"): two winding contours of paddles, shorter distractors, and two discs that sit on the ends of
 * one contour (label 1) or of different ones (label 0). This follows the published contour generator.
 *
 * A contour grows paddle by paddle. From the last pivot it moves on by length + 2 margin in its last direction;
 * around that point the next head is drawn with probability proportional to
 * cos^2(min(continuity * turn, pi/2)) * (1 - occupied), and must not overlap what is there. Any failure restarts
 * both contours. `mask` holds, in grey levels, the space taken by every paddle but the last of each contour.
 */
import type { Draws } from '../draws.ts';
import { Geometry, type Seed } from './geometry.ts';
import { DISTRACTOR_RETRIES, LEAST_FREE, PADDLE_RETRIES, type PathfinderSettings } from './settings.ts';
import { move, type Paddle, paintDisc } from './sprites.ts';

interface Placed {
  paddle: Paddle;
  y: number;
  x: number;
}
interface Contour {
  paddles: Placed[];
  /** Where it began, and the head of its last paddle. */
  origin: [number, number];
  tip: [number, number];
  pivot: [number, number];
  angle: number;
}

export interface PathfinderImage {
  /** size x size grey levels. */
  pixels: Uint8Array;
  label: number;
  origins: [number, number][];
  tips: [number, number][];
  /** How often the two contours were begun. */
  attempts: number;
}

/** A mask level from which a pixel counts as occupied when a seed is placed: above 0.3. */
export const OCCUPIED = 77;
/** Two masks may overlap up to a sum below 1.8. In levels 459, where single precision decides. */
export const crowded = (a: number, b: number): boolean =>
  a + b > 459 || (a + b === 459 && Math.fround(a / 255) + Math.fround(b / 255) >= 1.8);

export class PathfinderGenerator {
  readonly #geometries: Geometry[];
  readonly #mask: Uint8Array;
  readonly #frame: Uint8Array;
  #geometry: Geometry;
  #weights = new Float64Array(128);

  constructor(readonly settings: PathfinderSettings) {
    const { size, padding } = settings;
    this.#geometries = settings.margins.map((margin) => new Geometry(settings, margin));
    this.#geometry = this.#geometries[0];
    this.#frame = Uint8Array.from({ length: size * size }, (_, at) => {
      const y = Math.floor(at / size);
      const x = at % size;
      return Math.min(y, x, size - 1 - y, size - 1 - x) < padding ? 255 : 0;
    });
    this.#mask = new Uint8Array(size * size);
  }

  draw(draws: Draws): PathfinderImage {
    const { settings } = this;
    const label = draws.integer(2);
    this.#geometry = this.#geometries[draws.integer(this.#geometries.length)];
    let attempts = 1;
    let pair = this.#pair(draws);
    for (; !pair; attempts++) pair = this.#pair(draws);
    this.#take(pair[1].paddles[settings.contour - 1]);
    const distractors: Contour[] = [];
    for (let i = 0; i < settings.distractors; i++) {
      let distractor: Contour | null = null;
      for (let trial = 0; trial <= DISTRACTOR_RETRIES && !distractor; trial++) distractor = this.#distractor(draws);
      if (distractor) distractors.push(distractor);
    }
    const first = draws.integer(2);
    const marked = [pair[first].origin, pair[label ? first : 1 - first].tip];
    const pixels = this.#render(pair, distractors, marked);
    return { pixels, label, origins: pair.map((c) => c.origin), tips: pair.map((c) => c.tip), attempts };
  }

  /** The two target contours, or null when they got stuck. */
  #pair(draws: Draws): [Contour, Contour] | null {
    this.#mask.set(this.#frame);
    const one = this.#firstSeed(draws);
    const two = one && this.#secondSeed(draws, one.origin);
    if (!two) return null;
    for (let i = 1; i < this.settings.contour; i++)
      if (!this.#extend(draws, one) || !this.#extend(draws, two)) return null;
    return [one, two];
  }

  /** Away from the border by twice the seed distance; the mask holds nothing else yet. */
  #firstSeed(draws: Draws): Contour | null {
    const { size, seedDistance } = this.settings;
    const frame = 2 * seedDistance;
    for (let trial = 0; trial <= PADDLE_RETRIES; trial++) {
      const seed = this.#geometry.seed(draws.integer(360));
      if (!seed.usable) return null;
      const { top, bottom, left, right } = seed.extent;
      const rows = size - 2 * frame + top - bottom;
      const columns = size - 2 * frame + left - right;
      if (rows <= 0 || columns <= 0) return null;
      const contour = this.#begin(seed, frame - top + draws.integer(rows), frame - left + draws.integer(columns));
      if (contour) return contour;
    }
    return null;
  }

  /** At the seed distance from the first contour's origin, in any direction. */
  #secondSeed(draws: Draws, [y, x]: [number, number]): Contour | null {
    for (let trial = 0; trial <= PADDLE_RETRIES; trial++) {
      const seed = this.#geometry.seed(draws.integer(360));
      const t = (draws.integer(360) * Math.PI) / 180;
      const { seedDistance } = this.settings;
      const contour = this.#begin(
        seed,
        roundToEven(y + seedDistance * Math.sin(t)),
        roundToEven(x + seedDistance * Math.cos(t)),
      );
      if (contour) return contour;
    }
    return null;
  }

  /** A contour with its first paddle, or null when head or pivot lie outside of the image. */
  #begin(seed: Seed, y: number, x: number): Contour | null {
    const { length, size } = this.settings;
    const head = move(y, x, seed.angle, length);
    const pivot = move(head[0], head[1], seed.opposite, length + this.#geometry.margin);
    if (![...head, ...pivot].every((i) => i >= 0 && i < size)) return null;
    return { paddles: [{ paddle: seed.paddle, y, x }], origin: [y, x], tip: head, pivot, angle: seed.angle };
  }

  /** Adds a paddle; false when there is no room. */
  #extend(draws: Draws, contour: Contour): boolean {
    const { candidates, margin } = this.#geometry;
    const { size, length } = this.settings;
    const [py, px] = move(contour.pivot[0], contour.pivot[1], contour.angle, length + 2 * margin);
    const turns = this.#geometry.turns(contour.angle);
    const weights = this.#weights;
    let total = 0;
    for (let i = 0; i < candidates.length; i++) {
      const y = py + candidates[i].dy;
      const x = px + candidates[i].dx;
      weights[i] =
        turns[i] > 0 && y >= 0 && y < size && x >= 0 && x < size ? turns[i] * (1 - this.#fullest(y, x) / 255) : 0;
      total += weights[i];
    }
    if (total < 1e-4) return false;
    for (let trial = 0; trial <= PADDLE_RETRIES; trial++) {
      let rest = draws.unit() * total;
      let chosen = 0;
      while (chosen < candidates.length - 1 && !(weights[chosen] > rest)) rest -= weights[chosen++];
      const { dy, dx, angle, paddle } = candidates[chosen];
      const placed = { paddle, y: py + dy, x: px + dx };
      if (!this.#fits(placed)) continue;
      this.#take(contour.paddles[contour.paddles.length - 1]);
      contour.paddles.push(placed);
      contour.tip = [placed.y, placed.x];
      contour.pivot = [py, px];
      contour.angle = angle;
      return true;
    }
    return false;
  }

  /** A distractor anywhere, or null; the mask is as before when it fails. */
  #distractor(draws: Draws): Contour | null {
    const before = this.#mask.slice();
    const contour = this.#freeSeed(draws);
    if (contour) {
      let i = 1;
      while (i < this.settings.distractor && this.#extend(draws, contour)) i++;
      if (i === this.settings.distractor) {
        this.#take(contour.paddles[i - 1]);
        return contour;
      }
    }
    this.#mask.set(before);
    return null;
  }

  #freeSeed(draws: Draws): Contour | null {
    const { size } = this.settings;
    const free = this.#mask.reduce((n, level) => (level < OCCUPIED ? n + 1 : n), 0);
    if (free < LEAST_FREE * size * size) return null;
    for (let trial = 0; trial <= PADDLE_RETRIES; trial++) {
      const seed = this.#geometry.seed(draws.integer(360));
      if (!seed.usable) return null;
      const at = this.#freePixel(draws, seed);
      if (at === null) return null;
      const contour = this.#begin(seed, Math.floor(at / size), at % size);
      if (contour) return contour;
    }
    return null;
  }

  /** A pixel drawn uniformly among those around which the footprint is free; null when there is none. */
  #freePixel(draws: Draws, seed: Seed): number | null {
    const { size } = this.settings;
    for (let trial = 0; trial < 200; trial++) {
      const at = draws.integer(size * size);
      if (this.#isFree(seed, at)) return at;
    }
    const all: number[] = [];
    for (let at = 0; at < size * size; at++) if (this.#isFree(seed, at)) all.push(at);
    return all.length ? all[draws.integer(all.length)] : null;
  }

  #isFree(seed: Seed, at: number): boolean {
    const { size } = this.settings;
    const y = Math.floor(at / size);
    const x = at % size;
    for (const [dy, dx] of seed.footprint) {
      const inside = y + dy >= 0 && y + dy < size && x + dx >= 0 && x + dx < size;
      if (inside && this.#mask[at + dy * size + dx] >= OCCUPIED) return false;
    }
    return true;
  }

  /** Largest mask level within the margin of a pixel. */
  #fullest(y: number, x: number): number {
    const { size } = this.settings;
    let largest = 0;
    for (const [dy, dx] of this.#geometry.disc) {
      const i = y + dy;
      const j = x + dx;
      if (i >= 0 && i < size && j >= 0 && j < size && this.#mask[i * size + j] > largest)
        largest = this.#mask[i * size + j];
    }
    return largest;
  }

  #fits(placed: Placed): boolean {
    let fits = true;
    this.#overlay(placed, placed.paddle.mask, (at, level) => {
      if (crowded(this.#mask[at], level)) fits = false;
    });
    return fits;
  }

  #take(placed: Placed): void {
    this.#overlay(placed, placed.paddle.mask, (at, level) => {
      if (level > this.#mask[at]) this.#mask[at] = level;
    });
  }

  /** Visits the pixels of the image under a paddle's patch. */
  #overlay({ paddle, y, x }: Placed, patch: Uint8Array, visit: (at: number, level: number) => void): void {
    const { size } = this.settings;
    const { half, side, box } = paddle;
    const top = Math.max(box.top, -y);
    const bottom = Math.min(box.bottom, size - 1 - y);
    const left = Math.max(box.left, -x);
    const right = Math.min(box.right, size - 1 - x);
    for (let dy = top; dy <= bottom; dy++)
      for (let dx = left; dx <= right; dx++) visit((y + dy) * size + x + dx, patch[(dy + half) * side + dx + half]);
  }

  /** Draws everything by the larger value and stretches the result to 0..255. */
  #render(targets: Contour[], distractors: Contour[], marked: [number, number][]): Uint8Array {
    const { size, targetContrast, distractorContrast, markerRadius } = this.settings;
    const planes = [targets, distractors].map((contours) => {
      const plane = new Uint8Array(size * size);
      for (const { paddles } of contours)
        for (const placed of paddles)
          this.#overlay(placed, placed.paddle.line, (at, level) => {
            if (level > plane[at]) plane[at] = level;
          });
      return plane;
    });
    const discs = new Uint8Array(size * size);
    for (const [y, x] of marked) paintDisc(discs, size, y, x, markerRadius);
    const image = Float64Array.from(discs, (level, at) =>
      Math.max(
        level / 255,
        Math.fround((planes[0][at] / 255) * targetContrast),
        Math.fround((planes[1][at] / 255) * distractorContrast),
      ),
    );
    const low = image.reduce((a, b) => Math.min(a, b));
    const high = image.reduce((a, b) => Math.max(a, b));
    return Uint8Array.from(image, (v) => Math.min(Math.max((v - low) * (255 / (high - low)), 0), 255) + 0.5);
  }
}

function roundToEven(x: number): number {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
}
