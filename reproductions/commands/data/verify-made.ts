/** `repro data verify listops` and `pathfinder32` ...: labels and statistics beside those of the published generator. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { render } from '../../../results/tables.ts';
import { print, progress } from '../../../results/terminal/output.ts';
import type { Options } from '../../cli.ts';
import { type Comparison, comparisonColumns, comparisonRow, holds } from '../../data/comparison.ts';
import { splitNames } from '../../data/dataset.ts';
import { DownloadError } from '../../data/download/failure.ts';
import { compareListOps, type Sample } from '../../data/listops/compare.ts';
import { readTsv, tokenize } from '../../data/listops/text.ts';
import { openListOps } from '../../data/listops.ts';
import { comparePathfinder, type LabelledImage } from '../../data/pathfinder/compare.ts';
import { imageFiles, readImage } from '../../data/pathfinder/files.ts';
import type { PathfinderSize } from '../../data/pathfinder/settings.ts';
import { openPathfinder } from '../../data/pathfinder.ts';
import { exit } from '../../errors.ts';
import { interruption } from '../../interrupt.ts';

interface Verified {
  what: string;
  rows: Comparison[];
  complaints: string[];
}

export async function verifyMade(id: string, from: string | null, options: Options): Promise<number> {
  const { what, rows, complaints } = id === 'listops' ? await listOps(from) : await pathfinder(id, from);
  progress.end();
  if (options.json === true) {
    const judged = rows.map((row) => ({ ...row, holds: holds(row) }));
    await print(JSON.stringify({ dataset: id, what, comparisons: judged, complaints }, null, 1));
  } else {
    const caption = [`${id}: ${what}`, ...complaints];
    await print(render(rows.map(comparisonRow), comparisonColumns, 'table', caption));
  }
  return rows.every(holds) ? exit.done : exit.failed;
}

async function listOps(from: string | null): Promise<Verified> {
  if (from === null) {
    const sizes = { train: 4_000, validation: 500, test: 500 };
    const data = await openListOps({ sizes, signal: interruption });
    const samples = splitNames.flatMap((split) =>
      Array.from({ length: sizes[split] }, (_, i) => ({
        ...{ tokens: data.tokens(split, i), label: data.label(split, i), where: `${split} ${i}` },
      })),
    );
    return { what: data.description, ...compareListOps(samples) };
  }
  const files = listOpsFiles(from);
  return { what: files.join(', '), ...compareListOps(rowsOf(files)) };
}

function listOpsFiles(from: string): string[] {
  if (!statSync(from).isDirectory()) return [from];
  const files = ['basic_train.tsv', 'basic_val.tsv', 'basic_test.tsv']
    .map((name) => join(from, name))
    .filter(existsSync);
  if (!files.length)
    throw new DownloadError(
      `${from} has no basic_train.tsv, basic_val.tsv or basic_test.tsv: give the folder that has`,
    );
  return files;
}

function* rowsOf(files: readonly string[]): Generator<Sample> {
  for (const file of files) {
    let line = 1;
    for (const { source, target } of readTsv(readFileSync(file, 'utf8'), file)) {
      interruption.throwIfAborted();
      yield { tokens: tokenize(source), label: target, where: `${file}, line ${++line}` };
    }
  }
}

async function pathfinder(id: string, from: string | null): Promise<Verified> {
  const size = Number(id.slice('pathfinder'.length)) as PathfinderSize;
  if (from !== null) return pathfinderFiles(size, from);
  const each = size === 32 ? 1000 : size === 64 ? 200 : 100;
  const sizes = { train: each, validation: each / 10, test: each / 10 };
  const data = await openPathfinder({
    ...{ size, sizes, signal: interruption },
    progress: (done, total) => progress.live(`making ${id}: ${done} of ${total} images`),
  });
  const images = splitNames.flatMap((split) =>
    Array.from({ length: sizes[split] }, (_, i) => ({ pixels: data.image(split, i), label: data.label(split, i) })),
  );
  return { what: data.description, rows: comparePathfinder(size, images), complaints: [] };
}

/** So many images of a folder are read, evenly spaced. */
const MOST = 2000;

function pathfinderFiles(size: PathfinderSize, from: string): Verified {
  const files = imageFiles(from);
  const step = Math.max(1, files.length / MOST);
  const images: LabelledImage[] = [];
  let empty = 0;
  for (let i = 0; Math.floor(i * step) < files.length; i++) {
    interruption.throwIfAborted();
    const image = readImage(files[Math.floor(i * step)], size);
    if (image) images.push(image);
    else empty++;
    if (i % 100 === 0) progress.live(`reading ${from}: ${images.length} images`);
  }
  const what = `${images.length} of the ${files.length} images that the metadata of ${from} name${empty ? `, ${empty} of them empty` : ''}`;
  return { what, rows: comparePathfinder(size, images), complaints: [] };
}
