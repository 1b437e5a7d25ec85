/**
 * LRA Pathfinder (32 x 32), Path-X (128 x 128) and Path256: from the files of the archive, or made here by the published
 * recipe (`pathfinder/contours.ts`, natively by `contours.cc`). Input: grey values row by row; target: 1 when both discs
 * lie on one contour.
 *
 * Made here: 160,000 training, 20,000 validation and 20,000 test images; sample numbers are fixed, so a smaller set is
 * the beginning of each split of the full one. From files: all images of the level with contours of 14 but the empty
 * ones, in the order of the metadata; int(N / 10) for validation and for test and the rest for training, consecutive
 * slices of PyTorch's permutation with seed 42, as in the loaders of S4 and safari.
 */
import { type Dataset, type HostBatch, requireIndices, type SplitName, splitNames } from './dataset.ts';
import type { WorkOptions } from './definition.ts';
import { fullSizes, madeShards } from './pathfinder/made.ts';
import { realShards } from './pathfinder/real.ts';
import { lraSettings, type PathfinderSize } from './pathfinder/settings.ts';
import type { Shards } from './pathfinder/shards.ts';
import { randomSplit, SPLIT_SEED } from './torch/permutation.ts';

export interface PathfinderOptions extends WorkOptions {
  /** Side of the images. Default 32. */
  size?: PathfinderSize;
  /** Folder of one size of the archive (`pathfinder128`), or of its level `curv_contour_length_14`. Absent: made here. */
  folder?: string;
  /** Of images made here. Default 0. */
  seed?: number;
  /** Fewer images than there are: the beginning of each split. */
  sizes?: Partial<Record<SplitName, number>>;
  /**
   * True, the default: grey values v as (v / 255 - 0.5) / 0.5, in [-1, 1], as safari and the loader of S4 do. False:
   * v / 255, as S4's newer configurations ask for.
   */
  center?: boolean;
  /** Grey values as tokens 0..255, as in LRA's own loader. */
  tokenize?: boolean;
}

/** The images of a set and how its splits number them. */
interface Contents {
  kind: Dataset['kind'];
  description: string;
  shards: Shards;
  sizes: Record<SplitName, number>;
  /** Number among all images of one of a split. */
  place(split: SplitName, index: number): number;
}

export class Pathfinder implements Dataset {
  readonly task = 'classification';
  readonly id: string;
  readonly kind: Dataset['kind'];
  readonly input: Dataset['input'];
  readonly classes = 2;
  readonly length: number;
  readonly description: string;
  readonly sizes: Record<SplitName, number>;
  readonly checksum: string;
  readonly reopen: NonNullable<Dataset['reopen']>;
  /** What each grey value becomes; null: itself. */
  readonly #values: Float32Array | null;

  constructor(
    readonly size: PathfinderSize,
    readonly contents: Contents,
    { seed, folder, sizes, center = true, tokenize = false }: PathfinderOptions,
  ) {
    this.id = `pathfinder${size}`;
    this.kind = contents.kind;
    this.description = contents.description;
    this.sizes = contents.sizes;
    this.length = size * size;
    this.input = tokenize ? { kind: 'tokens', vocabulary: 256, padding: 0 } : { kind: 'real', dims: 1 };
    // In float32 step by step, as torchvision does.
    const unit = Float32Array.from({ length: 256 }, (_, v) => v / 255);
    const centered = unit.map((v) => Math.fround(v - 0.5) / 0.5);
    this.#values = tokenize ? null : center ? centered : unit;
    this.checksum = contents.shards.checksum(this.sizes);
    const settings = { size, seed, folder, sizes, center, tokenize };
    this.reopen = { module: import.meta.url, name: 'openPathfinder', settings };
  }

  /** Grey levels of one image. */
  image(split: SplitName, index: number): Uint8Array {
    return this.contents.shards.image(this.contents.place(split, index));
  }
  label(split: SplitName, index: number): number {
    return this.contents.shards.label(this.contents.place(split, index));
  }

  labelCounts(split: SplitName): number[] {
    const counts = [0, 0];
    for (let i = 0; i < this.sizes[split]; i++) counts[this.label(split, i)]++;
    return counts;
  }

  batch(split: SplitName, indices: ArrayLike<number>): HostBatch {
    requireIndices(this.id, split, this.sizes[split], indices);
    const B = indices.length;
    const L = this.length;
    const values = this.#values;
    const x = values ? new Float32Array(B * L) : new Int32Array(B * L);
    for (let b = 0; b < B; b++) {
      const image = this.image(split, indices[b]);
      if (values) for (let i = 0; i < L; i++) x[b * L + i] = values[image[i]];
      else x.set(image, b * L);
    }
    const targets = Int32Array.from(indices, (index) => this.label(split, index));
    return { x, lengths: null, targets, B, rows: B, L };
  }

  close(): void {
    this.contents.shards.close();
  }
}

/**
 * Opens a Pathfinder set: from the cache, or prepared now, file by file (an interrupted run goes on where it stopped).
 * Only the headers of the files are read; images come from the disk as they are asked for. Throws
 * `DeviceUnavailableError` when images are to be made and the addon is not built.
 */
export async function openPathfinder(options: PathfinderOptions = {}): Promise<Pathfinder> {
  const size = options.size ?? 32;
  if (!lraSettings[size]) throw new RangeError(`pathfinder: the side can be 32, 64, 128 or 256, not ${size}`);
  const contents = options.folder === undefined ? await made(size, options) : await read(size, options.folder, options);
  return new Pathfinder(size, contents, options);
}

async function made(size: PathfinderSize, options: PathfinderOptions): Promise<Contents> {
  const seed = options.seed ?? 0;
  const sizes = cut(size, fullSizes, options.sizes);
  const shards = await madeShards(seed, size, sizes, options);
  const first = { train: 0, validation: sizes.train, test: sizes.train + sizes.validation };
  return {
    kind: 'generated-equivalent',
    description:
      `Pathfinder ${size} x ${size} made by the published generator with LRA's settings (seed ${seed}, ` +
      `${sizes.train} / ${sizes.validation} / ${sizes.test} images, contours of 14)`,
    shards,
    sizes,
    place: (split, index) => first[split] + index,
  };
}

async function read(size: PathfinderSize, folder: string, options: PathfinderOptions): Promise<Contents> {
  const { shards, empty } = await realShards({ folder, size }, options);
  const n = shards.count;
  const tenth = Math.trunc(0.1 * n);
  if (!tenth)
    throw new RangeError(`pathfinder${size}: ${folder} names ${n} images that are not empty; a split needs ten`);
  const full = { train: n - 2 * tenth, validation: tenth, test: tenth };
  const sizes = cut(size, full, options.sizes);
  const split = randomSplit(n, [full.train, tenth, tenth]);
  const members = { train: split[0], validation: split[1], test: split[2] };
  return {
    kind: 'real',
    description:
      `Pathfinder ${size} x ${size} from ${folder} (${n} images, contours of 14${empty ? `, ${empty} empty files left out` : ''}; ` +
      `${sizes.train} / ${sizes.validation} / ${sizes.test} by PyTorch's permutation with seed ${SPLIT_SEED})`,
    shards,
    sizes,
    place: (name, index) => members[name][index],
  };
}

function cut(
  size: PathfinderSize,
  full: Record<SplitName, number>,
  wanted: PathfinderOptions['sizes'],
): Record<SplitName, number> {
  const sizes = { ...full, ...wanted };
  for (const split of splitNames)
    if (!(Number.isInteger(sizes[split]) && sizes[split] > 0 && sizes[split] <= full[split]))
      throw new RangeError(
        `pathfinder${size}: the ${split} split can have 1 to ${full[split]} images, not ${sizes[split]}`,
      );
  return sizes;
}
