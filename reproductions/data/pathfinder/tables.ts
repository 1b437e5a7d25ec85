/**
 * Everything that the native generator (`contours.cc`) looks up, computed here once per image size by the plain one's
 * own code: no sine, cosine or arc tangent is left to native code, so both make the same bytes. Three arrays, laid out
 * as the structs of `contours.cc` read them: whole numbers (first `LAYOUT`, the settings, then tables that they point
 * to), float64 numbers, and sprites in rows of 16 or 32 bytes.
 */
import { crowded, OCCUPIED } from './contours.ts';
import { Geometry } from './geometry.ts';
import { DISTRACTOR_RETRIES, LEAST_FREE, PADDLE_RETRIES, type PathfinderSettings } from './settings.ts';
import { type Paddle, paintDisc } from './sprites.ts';

export interface PathfinderTables {
  integers: Int32Array;
  reals: Float64Array;
  sprites: Uint8Array;
}

/** Changes with the meaning of any number here; `contours.cc` refuses another one. */
const LAYOUT = 1;
/** Bytes around the image on every side of a native canvas: the longest way from a pixel that is looked at. */
const BORDER = 32;
/** The native rows hold so many bytes at a time. */
const VECTOR = 16;

/** A small image; pixel (0, 0) lies at (`top`, `left`) from its starting point. */
interface Patch {
  top: number;
  left: number;
  rows: number;
  columns: number;
  at(row: number, column: number): number;
}

export function pathfinderTables(settings: PathfinderSettings): PathfinderTables {
  const { size, padding, margins } = settings;
  if (padding < 1) throw new RangeError('pathfinder: the padding must be at least one pixel');
  const tables = new Tables();
  const reach = Math.ceil(settings.markerRadius) + 6;
  const settled = [
    ...[LAYOUT, size, padding, BORDER, size + 2 * BORDER],
    ...[settings.contour, settings.distractors, settings.distractor, 2 * settings.seedDistance],
    ...[Math.ceil(LEAST_FREE * size * size), PADDLE_RETRIES + 1, DISTRACTOR_RETRIES + 1, OCCUPIED, reach],
    margins.length,
  ];
  // Places of: discs, second seeds, levels, margins.
  const pointers = settled.length;
  for (const value of [...settled, 0, 0, 0, 0]) tables.integer(value);
  tables.integers[pointers] = tables.patches(discs(settings, reach));
  const circle = Array.from({ length: 360 }, (_, degrees) => (degrees * Math.PI) / 180);
  tables.integers[pointers + 1] = tables.numbers(
    circle.flatMap((t) => [settings.seedDistance * Math.sin(t), settings.seedDistance * Math.cos(t)]),
  );
  const levels = Array.from({ length: 256 }, (_, level) => level / 255);
  tables.integers[pointers + 2] = tables.numbers([
    ...levels.map((level) => Math.fround(level * settings.targetContrast)),
    ...levels.map((level) => Math.fround(level * settings.distractorContrast)),
    ...levels,
  ]);
  const places = margins.map((margin) => addMargin(tables, new Geometry(settings, margin)));
  tables.integers[pointers + 3] = tables.list(places.flat());
  return tables.finish();
}

/** Adds what depends on the margin; the numbers of its struct. Directions: the candidates', then the 360 seeds'. */
function addMargin(tables: Tables, geometry: Geometry): number[] {
  const { candidates, margin, settings } = geometry;
  const { length, size } = settings;
  const stride = size + 2 * BORDER;
  const seeds = Array.from({ length: 360 }, (_, i) => geometry.seed(i));
  const directions = [...candidates, ...seeds];
  const moves = (angles: { angle: number }[], d: number) =>
    tables.numbers(angles.flatMap(({ angle }) => [d * Math.sin(angle), d * Math.cos(angle)]));
  // Sharp turns weigh nothing and are left out; sums and draws pass over them without a trace.
  const turns = directions.map(({ angle }) => [...geometry.turns(angle)].map((weight, to) => ({ weight, to })));
  const open = turns.map((row) => row.filter(({ weight }) => weight > 0));
  let first = 0;
  const rows = open.flatMap((row) => {
    first += row.length;
    return [first - row.length, row.length];
  });
  const footprints = seeds.flatMap((seed) => {
    const place = tables.list(seed.footprint.map(([dy, dx]) => dy * stride + dx));
    const { top, bottom, left, right } = seed.extent;
    return [seed.usable ? 1 : 0, place, seed.footprint.length, top, bottom, left, right];
  });
  const paddles = directions.map(({ paddle }) => paddle);
  return [
    candidates.length,
    tables.list(candidates.flatMap(({ dy, dx }) => [dy, dx])),
    tables.list(rows),
    tables.list(open.flat().map(({ to }) => to)),
    tables.numbers(open.flat().map(({ weight }) => weight)),
    moves(directions, length + 2 * margin),
    moves(seeds, length),
    tables.numbers(
      seeds.flatMap(({ opposite: t }) => [(length + margin) * Math.sin(t), (length + margin) * Math.cos(t)]),
    ),
    tables.list(footprints),
    tables.patches(paddles.map((paddle) => whole(paddle, paddle.line))),
    tables.patches(paddles.map((paddle) => whole(paddle, paddle.mask))),
    tables.patches(paddles.map((paddle) => dilated(whole(paddle, paddle.mask), geometry))),
    tables.patches(
      paddles.map((paddle) => limits(whole(paddle, paddle.mask))),
      255,
    ),
  ];
}

const whole = ({ half, side }: Paddle, levels: Uint8Array): Patch => ({
  ...{ top: -half, left: -half, rows: side, columns: side },
  at: (row, column) => levels[row * side + column],
});

/**
 * The largest level within the margin. Native code keeps the largest of these over all paddles, which is what the plain
 * generator finds around a pixel each time: a paddle's part outside of the image would count here and not there, but
 * only for pixels within the margin of the border, and those are full from the frame of `padding` pixels.
 */
function dilated({ top, left, rows, columns, at }: Patch, { disc, margin }: Geometry): Patch {
  const side = columns + 2 * margin;
  const levels = new Uint8Array((rows + 2 * margin) * side);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (const [dy, dx] of disc) {
        const to = (row + margin + dy) * side + column + margin + dx;
        levels[to] = Math.max(levels[to], at(row, column));
      }
  return {
    ...{ top: top - margin, left: left - margin, rows: rows + 2 * margin, columns: side },
    at: (row, column) => levels[row * side + column],
  };
}

/** For each pixel the fullest level that is not crowded by the paddle's own. */
function limits({ at, ...box }: Patch): Patch {
  const highest = Uint8Array.from({ length: 256 }, (_, own) => {
    let level = 255;
    while (level > 0 && crowded(level, own)) level--;
    return level;
  });
  return { ...box, at: (row, column) => highest[at(row, column)] };
}

/** A disc is shrunk from a window that the image's border cuts: one patch for each way to cut rows and columns. */
function discs({ size, markerRadius }: PathfinderSettings, reach: number): Patch[] {
  const places = Array.from({ length: 2 * reach + 1 }, (_, i) => (i <= reach ? i : size - 1 - (2 * reach - i)));
  const image = new Uint8Array(size * size);
  return places.flatMap((y) =>
    places.map((x) => {
      image.fill(0);
      paintDisc(image, size, y, x, markerRadius);
      const inside = (i: number) => i >= 0 && i < size;
      const levels = Uint8Array.from({ length: (2 * reach + 1) ** 2 }, (_, i) => {
        const row = y - reach + Math.floor(i / (2 * reach + 1));
        const column = x - reach + (i % (2 * reach + 1));
        return inside(row) && inside(column) ? image[row * size + column] : 0;
      });
      return {
        ...{ top: -reach, left: -reach, rows: 2 * reach + 1, columns: 2 * reach + 1 },
        at: (row: number, column: number) => levels[row * (2 * reach + 1) + column],
      };
    }),
  );
}

class Tables {
  readonly integers: number[] = [];
  readonly #reals: number[] = [];
  readonly #sprites: number[] = [];

  integer(value: number): void {
    this.integers.push(value);
  }

  /** The place of these whole numbers. */
  list(values: readonly number[]): number {
    const place = this.integers.length;
    for (const value of values) this.integers.push(value);
    return place;
  }

  numbers(values: readonly number[]): number {
    const place = this.#reals.length;
    for (const value of values) this.#reals.push(value);
    return place;
  }

  /** The place of the structs { top, left, rows, columns, vectors per row, place of the bytes } of these patches. */
  patches(patches: readonly Patch[], empty = 0): number {
    return this.list(patches.flatMap((patch) => this.#patch(patch, empty)));
  }

  /** Cut to the rows and columns that hold something; rows are filled up to whole vectors with `empty`. */
  #patch({ top, left, rows, columns, at }: Patch, empty: number): number[] {
    const holds = (row: number, column: number) => at(row, column) !== empty;
    const all = (n: number) => Array.from({ length: n }, (_, i) => i);
    const used = all(rows).filter((row) => all(columns).some((column) => holds(row, column)));
    const across = all(columns).filter((column) => all(rows).some((row) => holds(row, column)));
    const [firstRow, firstColumn] = [used[0] ?? 0, across[0] ?? 0];
    const height = used.length ? used[used.length - 1] - firstRow + 1 : 0;
    const width = across.length ? across[across.length - 1] - firstColumn + 1 : 0;
    const vectors = Math.ceil(width / VECTOR);
    const place = this.#sprites.length;
    for (let row = 0; row < height; row++)
      for (let column = 0; column < vectors * VECTOR; column++)
        this.#sprites.push(column < width ? at(firstRow + row, firstColumn + column) : empty);
    if (top + firstRow < -BORDER || left + firstColumn < -BORDER || left + firstColumn + vectors * VECTOR > BORDER)
      throw new RangeError('pathfinder: a sprite reaches further than the border of a native canvas');
    return [top + firstRow, left + firstColumn, height, width, vectors, place];
  }

  finish(): PathfinderTables {
    return {
      integers: Int32Array.from(this.integers),
      reals: Float64Array.from(this.#reals),
      sprites: Uint8Array.from(this.#sprites),
    };
  }
}
