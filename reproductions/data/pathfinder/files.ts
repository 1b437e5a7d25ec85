/**
 * Pathfinder images as the LRA archive has them: `<level>/imgs/<batch>/sample_<k>.png` named by the lines of
 * `<level>/metadata/<batch>.npy`, batches in numeric order. The level is the hard one, `curv_contour_length_14`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError } from '../dataset.ts';
import { FormatError } from '../formats/format-error.ts';
import { readPathfinderMetadata } from '../formats/pathfinder-metadata.ts';
import { readPng } from '../formats/png.ts';
import type { LabelledImage } from './compare.ts';

export const LEVEL = 'curv_contour_length_14';

export interface ImageFile {
  path: string;
  label: number;
}

/** The metadata files of `folder` (a level, or the folder of one size), in numeric order. */
export function metadataFiles(folder: string): { level: string; files: string[] } {
  const level = existsSync(join(folder, LEVEL)) ? join(folder, LEVEL) : folder;
  const metadata = join(level, 'metadata');
  if (!existsSync(metadata))
    throw new MissingFileError(
      `${folder} has neither ${LEVEL}/ nor metadata/: give the folder of one size of Pathfinder`,
    );
  const files = readdirSync(metadata)
    .filter((name) => /^\d+\.npy$/.test(name))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => join(metadata, name));
  if (!files.length) throw new MissingFileError(`${metadata} has no <number>.npy: it should name the images`);
  return { level, files };
}

/** Every image that the metadata of `folder` name, in order. */
export function imageFiles(folder: string): ImageFile[] {
  const { level, files } = metadataFiles(folder);
  return files.flatMap((path) =>
    readPathfinderMetadata(readFileSync(path), path).map((row) => ({
      path: join(level, row.folder, row.file),
      label: row.label,
    })),
  );
}

/** The grey levels of one image of that side; null when the file is empty (the archive has such, and LRA drops them). */
export function readImage({ path, label }: ImageFile, size: number): LabelledImage | null {
  if (!existsSync(path)) throw new MissingFileError(`${path} is not there, and the metadata name it`);
  const bytes = readFileSync(path);
  if (!bytes.length) return null;
  const { width, height, channels, data } = readPng(bytes, path);
  if (width !== size || height !== size)
    throw new FormatError(path, null, `the image is ${width} x ${height}, not ${size} x ${size}`);
  const pixels = channels === 1 ? data : Uint8Array.from({ length: size * size }, (_, i) => data[i * channels]);
  return { pixels, label };
}
