/**
 * Pathfinder sets from the files of the archive: PNG images are decoded once, by worker threads, into shards in the
 * cache. What the shards are kept under names the folder, the SHA-256 of every metadata file and the times of the
 * folders of images: an image that is overwritten in its place is not noticed (200,000 files would have to be looked at),
 * one that is added, removed or replaced by another file is.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cached, cacheFolder, keyHash, openCached, writeUnit } from '../cache.ts';
import type { WorkOptions } from '../definition.ts';
import { requireSpace } from '../download/space.ts';
import { type Range, runRanges } from '../pool.ts';
import { type CacheArrays, Unit } from '../unit.ts';
import { type ImageFile, imageFiles, metadataFiles, readImage } from './files.ts';
import type { PathfinderSize } from './settings.ts';
import { type Shard, Shards } from './shards.ts';

/** Lines of metadata per shard. */
const EACH = 1024;

interface Source {
  folder: string;
  size: PathfinderSize;
}

let listed: { folder: string; files: ImageFile[] } | null = null;

/**
 * The images of a range of metadata lines, counted over all files; empty ones are left out. Exported for the workers of
 * the pool, which find it by its name.
 */
export function decodeImages({ folder, size }: Source, range: Range): CacheArrays {
  if (listed?.folder !== folder) listed = { folder, files: imageFiles(folder) };
  const images = listed.files
    .slice(range.start, range.start + range.count)
    .map((file) => readImage(file, size))
    .filter((image) => image !== null);
  const pixels = new Uint8Array(images.length * size * size);
  for (const [i, image] of images.entries()) pixels.set(image.pixels, i * size * size);
  return { pixels, labels: Uint8Array.from(images, ({ label }) => label) };
}

/** Every image of the folder that is not empty, in the order of the metadata; and how many are empty. */
export async function realShards(source: Source, options: WorkOptions): Promise<{ shards: Shards; empty: number }> {
  const { size } = source;
  const id = `pathfinder${size}`;
  const folder = resolve(source.folder);
  const key = { dataset: id, files: fingerprint(folder) };
  const name = (what: string) => `${id}/files-${keyHash(key)}-${what}.lcd`;
  const { lines } = await cached(name('lines'), key, async () => ({
    lines: Int32Array.of(imageFiles(folder).length),
  }));
  const ranges = Array.from({ length: Math.ceil(lines[0] / EACH) }, (_, i): Range => {
    return { start: i * EACH, count: Math.min(EACH, lines[0] - i * EACH) };
  });
  const places = ranges.map((range) => ({ file: name(String(range.start)), key: { ...key, ...range }, range }));
  const units = places.map(({ file, key }) => openCached(file, key));
  const missing = places.filter((_, i) => !units[i]);
  const images = missing.reduce((n, { range }) => n + range.count, 0);
  if (images) {
    const path = join(cacheFolder(), id);
    requireSpace(path, images * size * size, `decoding ${images} images of ${size} x ${size}`);
    const todo = missing.map(({ range }) => range);
    await runRanges(import.meta.url, 'decodeImages', { folder, size }, todo, options, (i, arrays) =>
      writeUnit(join(cacheFolder(), missing[i].file), missing[i].key, arrays),
    );
    listed = null;
  }
  const shards = places.map(({ file, range }, i): Shard => {
    const unit = units[i] ?? Unit.open(join(cacheFolder(), file));
    return { unit, remake: () => decodeImages({ folder, size }, range) };
  });
  const all = new Shards(shards, size * size);
  return { shards: all, empty: lines[0] - all.count };
}

/** What tells one state of the files from another without looking at each of them. */
function fingerprint(folder: string): unknown {
  const { level, files } = metadataFiles(folder);
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(createHash('sha256').update(readFileSync(file)).digest());
  const images = join(level, 'imgs');
  const folders = existsSync(images) ? readdirSync(images).sort() : [];
  for (const batch of folders) hash.update(`${batch} ${statSync(join(images, batch)).mtimeMs}\0`);
  return { level, state: hash.digest('hex') };
}
