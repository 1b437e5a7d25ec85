/**
 * CIFAR-10 (Krizhevsky 2009) from the files of its binary version: 50,000 training and 10,000 test images of 32 x 32
 * in ten classes. Validation is a tenth of the training images, chosen as by S4's and safari's loaders
 * (`torch/permutation.ts`, seed 42): 45,000 / 5,000.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError, type SplitName } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { PIXELS, readCifar } from '../formats/cifar.ts';
import { trainValidationSplit } from '../torch/permutation.ts';
import { firstOf, ImageDataset, type ImageView, type Normalisation, settingsOf } from './image-dataset.ts';

/** Folder of the archive. */
export const cifarFolder = 'cifar-10-batches-bin';
export const cifarClasses = [
  ...['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
] as const;

/** The constants of the reference loaders: `grayscale: true` for gray, else the channels'. */
export const cifarNormalisation: Normalisation = {
  gray: [122.6 / 255, 61.0 / 255],
  rgb: [
    [0.4914, 0.247],
    [0.4822, 0.243],
    [0.4465, 0.261],
  ],
};

export const cifarFiles: Readonly<Record<'train' | 'test', readonly string[]>> = {
  train: [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`),
  test: ['test_batch.bin'],
};

export interface CifarOptions extends OpenOptions, ImageView {
  /** Images that every file must have. Default 10,000, as in the real ones. */
  records?: number;
}

export interface CifarPart {
  /** (n, 3, 32, 32). */
  pixels: Uint8Array;
  labels: Uint8Array;
}

/** The folder that has the files: the one given, or the archive's own folder in it. Throws `MissingFileError`. */
export function findCifar(id: string, folder: string | undefined): string {
  if (folder === undefined)
    throw new MissingFileError(
      `${id}: CIFAR-10 cannot be made here: repro data get cifar-10, or give the folder with data_batch_1.bin (--data)`,
    );
  const [first] = cifarFiles.train;
  for (const place of [folder, join(folder, cifarFolder)]) if (existsSync(join(place, first))) return place;
  for (const place of [folder, join(folder, 'cifar-10-batches-py')])
    if (existsSync(join(place, 'data_batch_1')))
      throw new MissingFileError(
        `${id}: ${place} has the Python version of CIFAR-10; the binary version is the one that is read ` +
          '(cifar-10-binary.tar.gz, the same images): repro data get cifar-10',
      );
  throw new MissingFileError(
    `${id}: ${join(folder, first)} is not there; it is the first file of CIFAR-10's binary version`,
  );
}

/** All images of the training or of the test files, in the order of the files, and the SHA-256 of the files' bytes. */
export function readCifarPart(
  id: string,
  folder: string,
  part: 'train' | 'test',
  records: number | undefined = 10_000,
  signal?: AbortSignal,
): CifarPart & { sha256: string } {
  const hash = createHash('sha256');
  const batches = cifarFiles[part].map((name) => {
    signal?.throwIfAborted();
    const path = join(folder, name);
    if (!existsSync(path)) throw new MissingFileError(`${id}: ${path} is not there; CIFAR-10 has six files of images`);
    const bytes = readFileSync(path);
    hash.update(bytes);
    return readCifar(bytes, path, records);
  });
  const n = batches.reduce((sum, batch) => sum + batch.labels.length, 0);
  const pixels = new Uint8Array(n * 3 * PIXELS);
  const labels = new Uint8Array(n);
  let at = 0;
  for (const batch of batches) {
    pixels.set(batch.images, at * 3 * PIXELS);
    labels.set(batch.labels, at);
    at += batch.labels.length;
  }
  return { pixels, labels, sha256: hash.digest('hex') };
}

/** For a worker thread (`DatasetBase.reopen`). */
export const reopenCifar = ({ id, ...options }: CifarOptions & { id: string }): Promise<ImageDataset> =>
  openCifar(id, options);

export async function openCifar(id: string, options: CifarOptions): Promise<ImageDataset> {
  const folder = findCifar(id, options.folder);
  const train = readCifarPart(id, folder, 'train', options.records, options.signal);
  const test = readCifarPart(id, folder, 'test', options.records, options.signal);
  const [first, second] = trainValidationSplit(train.labels.length, 0.1);
  const size = (split: SplitName, n: number) => firstOf(id, split, n, options.sizes?.[split]);
  const splits = {
    train: { ...train, members: first, size: size('train', first.length) },
    validation: { ...train, members: second, size: size('validation', second.length) },
    test: { ...test, members: null, size: size('test', test.labels.length) },
  };
  const sizes = [splits.train.size, splits.validation.size, splits.test.size];
  const collection = {
    ...{ id, kind: 'real' as const, height: 32, width: 32, classNames: cifarClasses, splits },
    normalisation: cifarNormalisation,
    reopen: { module: import.meta.url, name: 'reopenCifar', settings: { id, ...settingsOf(options) } },
    description: `CIFAR-10 of ${folder} (${sizes.join(' / ')} images, validation by PyTorch's random split of seed 42)`,
    checksum: createHash('sha256')
      .update(JSON.stringify(['cifar-10', train.sha256, test.sha256, sizes]))
      .digest('hex'),
  };
  return new ImageDataset(collection, options);
}
