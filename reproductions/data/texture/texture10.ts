/**
 * `img-texture10`: ten textures in colour, made here, of the size and shape of CIFAR-10; stands in for it where neither
 * it nor a package can be had. Sample i of a split is a function of the seed, the split and i; its class is i mod 10.
 */
import { createHash } from 'node:crypto';
import { type CacheArrays, cached, keyHash } from '../cache.ts';
import { MissingFileError, type SplitName, splitNames } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { Draws } from '../draws.ts';
import {
  ImageDataset,
  type ImageSplit,
  type ImageView,
  type Normalisation,
  settingsOf,
} from '../image/image-dataset.ts';
import { type PoolOptions, type Range, runJob } from '../pool.ts';
import { textureClasses } from './fields.ts';
import { DEFAULT_SNR, PIXELS, TextureGenerator } from './generator.ts';
import { SIDE } from './waves.ts';

export const TEXTURE_ID = 'img-texture10';
const RECIPE = 1;
const IMAGE = 3 * PIXELS;
/** Images of a file of the cache: 15 MB, about a second's work. */
const SHARD = 5_000;
/** 768 MB. */
const MOST = 250_000;
const usualSizes: Record<SplitName, number> = { train: 45_000, validation: 5_000, test: 10_000 };

/** Moments of the default images; the recipe treats the channels alike. */
const channel = [0.5013, 0.2259] as const;
export const textureNormalisation: Normalisation = {
  gray: [127.85 / 255, 43.44 / 255],
  rgb: [channel, channel, channel],
};

export interface TextureSettings {
  seed: number;
  snr: number;
  split: SplitName;
}
export interface TextureOptions extends OpenOptions, ImageView {
  /** Variance of the texture over that of the noise. Default 1. */
  snr?: number;
}

export const labelOf = (index: number): number => index % textureClasses.length;

/**
 * `pixels` (count, 3, 32, 32) and `labels` (count). Exported for the workers of the pool, which find it by its name.
 */
export function generateTextures({ seed, snr, split }: TextureSettings, range: Range): CacheArrays {
  const generator = new TextureGenerator(snr);
  const draws = new Draws(seed, `data/${TEXTURE_ID}/${split}`);
  const pixels = new Uint8Array(range.count * IMAGE);
  const labels = new Uint8Array(range.count);
  for (let i = 0; i < range.count; i++) {
    const sample = range.start + i;
    labels[i] = labelOf(sample);
    generator.draw(labels[i], draws.start(sample), pixels.subarray(i * IMAGE, (i + 1) * IMAGE));
  }
  return { pixels, labels };
}

/** From the cache, or made now, file by file: an interrupted run goes on where it stopped. */
export async function openTextures(options: TextureOptions = {}): Promise<ImageDataset> {
  if (options.folder !== undefined)
    throw new MissingFileError(`${TEXTURE_ID} is made here and reads no folder: leave it out`);
  const { seed = 0, snr = DEFAULT_SNR } = options;
  const sizes = { ...usualSizes, ...options.sizes };
  const total = splitNames.reduce((sum, split) => sum + sizes[split], 0);
  for (const split of splitNames)
    if (!(Number.isInteger(sizes[split]) && sizes[split] > 0))
      throw new RangeError(`${TEXTURE_ID}: the ${split} split needs one image at least, not ${sizes[split]}`);
  if (total > MOST) throw new RangeError(`${TEXTURE_ID}: ${total} images do not fit in memory; ${MOST} are the most`);
  const splits = {} as Record<SplitName, ImageSplit>;
  const hash = createHash('sha256');
  let done = 0;
  for (const split of splitNames) {
    const before = done;
    const progress = (n: number) => options.progress?.(before + n, total);
    splits[split] = await makeSplit({ seed, snr, split }, sizes[split], { ...options, progress }, (digest) =>
      hash.update(digest),
    );
    done += sizes[split];
  }
  const images = {
    ...{ id: TEXTURE_ID, kind: `stand-in:${TEXTURE_ID}` as const, height: SIDE, width: SIDE },
    ...{ classNames: textureClasses, normalisation: textureNormalisation, splits, checksum: hash.digest('hex') },
    reopen: { module: import.meta.url, name: 'openTextures', settings: settingsOf(options) },
    description:
      `ten kinds of texture made here, 32 x 32, signal to noise ${snr}, seed ${seed} ` +
      `(${splitNames.map((split) => sizes[split]).join(' / ')} images); not CIFAR-10`,
  };
  return new ImageDataset(images, options);
}

async function makeSplit(
  settings: TextureSettings,
  size: number,
  options: TextureOptions,
  digested: (digest: Uint8Array) => void,
): Promise<ImageSplit> {
  const pixels = new Uint8Array(size * IMAGE);
  const labels = new Uint8Array(size);
  for (let start = 0; start < size; start += SHARD) {
    options.signal?.throwIfAborted();
    const range = { start, count: Math.min(SHARD, size - start) };
    const key = { dataset: TEXTURE_ID, recipe: RECIPE, ...settings, ...range };
    const file = `${TEXTURE_ID}/${settings.split}-${start}-${keyHash(key)}.lcd`;
    const pool: PoolOptions = { chunk: 250, progress: (n) => options.progress?.(start + n, size) };
    if (options.workers !== undefined) pool.workers = options.workers;
    if (options.signal) pool.signal = options.signal;
    const shard = await cached(file, key, () => makeShard(settings, range, pool));
    pixels.set(shard.pixels, start * IMAGE);
    labels.set(shard.labels, start);
    digested(shard.digest as Uint8Array);
    options.progress?.(start + range.count, size);
  }
  return { pixels, labels, members: null, size };
}

/** The images of a range, and their SHA-256, which the checksum of the cache protects like them. */
async function makeShard(settings: TextureSettings, range: Range, pool: PoolOptions): Promise<CacheArrays> {
  const parts = await runJob(import.meta.url, 'generateTextures', settings, range, pool);
  const pixels = new Uint8Array(range.count * IMAGE);
  const labels = new Uint8Array(range.count);
  let at = 0;
  for (const part of parts) {
    pixels.set(part.pixels, at * IMAGE);
    labels.set(part.labels, at);
    at += part.labels.length;
  }
  return { pixels, labels, digest: new Uint8Array(createHash('sha256').update(pixels).update(labels).digest()) };
}
