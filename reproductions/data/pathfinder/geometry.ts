/**
 * What depends on the settings and the margin alone and is looked up for every paddle: where a contour can go
 * next, how likely, the paddles themselves, and the footprints that decide where a contour can begin.
 */
import type { PathfinderSettings } from './settings.ts';
import { drawPaddle, type Paddle } from './sprites.ts';

/** A possible next head of a contour, as an offset from the pivot around which it turns. */
export interface Candidate {
  dy: number;
  dx: number;
  /** Direction from the pivot, radians. */
  angle: number;
  /** Drawn from the head back to the pivot. */
  paddle: Paddle;
}

/** A first paddle at a whole number of degrees. */
export interface Seed {
  /** Radians in [-pi, pi), and the opposite direction in the same range. */
  angle: number;
  opposite: number;
  paddle: Paddle;
  /** Offsets of the pixels that must be free around its tail: where the mask of the paddle is full. */
  footprint: [number, number][];
  /** Smallest and largest offsets of the footprint. */
  extent: { top: number; bottom: number; left: number; right: number };
  /**
   * False when the footprint lies outside of the image at one of the image's corners. The published generator then
   * takes the minimum of OpenCV's dilation (minus infinity there) as "nothing is free", and gives up this seed.
   */
  usable: boolean;
}

export class Geometry {
  readonly candidates: Candidate[];
  /** Offsets of a disc with the margin as its radius. */
  readonly disc: [number, number][] = [];
  readonly #seeds: (Seed | undefined)[] = [];
  readonly #turns = new Map<number, Float64Array>();

  constructor(
    readonly settings: PathfinderSettings,
    readonly margin: number,
  ) {
    this.candidates = this.#candidates();
    for (let dy = -margin; dy <= margin; dy++)
      for (let dx = -margin; dx <= margin; dx++) if (dy * dy + dx * dx <= margin * margin) this.disc.push([dy, dx]);
  }

  /** The seed at -180 + `index` degrees. */
  seed(index: number): Seed {
    return (this.#seeds[index] ??= this.#seed(index - 180));
  }

  /** cos^2 of the continuity-scaled turn from direction `angle` to each candidate; 0 for turns that are too sharp. */
  turns(angle: number): Float64Array {
    let weights = this.#turns.get(angle);
    if (!weights) {
      weights = Float64Array.from(this.candidates, (candidate) => {
        const gap = Math.abs(candidate.angle - angle);
        const turn = Math.min(gap, 2 * Math.PI - gap) * this.settings.continuity;
        return turn >= Math.PI / 2 ? 0 : Math.cos(turn) ** 2;
      });
      this.#turns.set(angle, weights);
    }
    return weights;
  }

  /** Points on a circle of radius length + margin, one per pixel of arc, in order of row and column. */
  #candidates(): Candidate[] {
    const radius = this.settings.length + this.margin;
    const step = 360 / (2 * radius * Math.PI);
    const points = new Map<string, [number, number]>();
    for (let i = 0; i * step < 360; i++) {
      const t = (i * step * Math.PI) / 180;
      const point: [number, number] = [Math.floor(radius * Math.sin(t)), Math.floor(radius * Math.cos(t))];
      points.set(point.join(), point);
    }
    return [...points.values()]
      .sort(([ay, ax], [by, bx]) => ay - by || ax - bx)
      .map(([dy, dx]) => {
        const angle = Math.atan2(dy, dx);
        const back = angle < 0 ? angle + Math.PI : angle - Math.PI;
        return { dy, dx, angle, paddle: drawPaddle(this.settings, this.margin, back) };
      });
  }

  #seed(degrees: number): Seed {
    const angle = (degrees * Math.PI) / 180;
    const opposite = angle + Math.PI < Math.PI ? angle + Math.PI : angle - Math.PI;
    const paddle = drawPaddle(this.settings, this.margin, angle);
    // The published footprint is drawn one pixel below and right of the centre of its own patch, and clipped by it.
    const reach = this.settings.length + this.margin;
    const footprint: [number, number][] = [];
    for (let y = -reach; y <= reach; y++)
      for (let x = -reach; x <= reach; x++) {
        const at = (y - 1 + paddle.half) * paddle.side + x - 1 + paddle.half;
        if (paddle.mask[at] === 255) footprint.push([y, x]);
      }
    const rows = footprint.map(([y]) => y);
    const columns = footprint.map(([, x]) => x);
    const corner = (sy: number, sx: number) => footprint.some(([y, x]) => y * sy >= 0 && x * sx >= 0);
    return {
      angle,
      opposite,
      paddle,
      footprint,
      extent: {
        top: Math.min(...rows),
        bottom: Math.max(...rows),
        left: Math.min(...columns),
        right: Math.max(...columns),
      },
      usable: corner(1, 1) && corner(1, -1) && corner(-1, 1) && corner(-1, -1),
    };
  }
}
