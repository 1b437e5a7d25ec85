/**
 * LRA ListOps, made here by the published recipe (`listops/tree.ts`): 96,000 training, 2,000 validation and
 * 2,000 test expressions, all distinct. Sample numbers are fixed, so a smaller set is the beginning of each
 * split of the full one. Input: token ids with `<eos>` at the end; target: the value, 0..9.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CacheArrays, cached, keyHash } from './cache.ts';
import { type DataKind, MissingFileError, type SplitName, splitNames } from './dataset.ts';
import { Draws } from './draws.ts';
import { fileStates } from './file-state.ts';
import { encodeFiles, files, LONGEST } from './listops/files.ts';
import { END, lraBounds, PAD, type TreeBounds, TreeGenerator, vocabulary } from './listops/tree.ts';
import { type PoolOptions, type Range, runJob } from './pool.ts';
import { LabelledRows } from './text/labelled-rows.ts';
import { joinRows, rowsInMemory } from './text/rows.ts';
import { chosenSizes } from './text/sizes.ts';

export interface ListOpsSettings {
  seed: number;
  bounds: TreeBounds;
}
export interface ListOpsOptions extends Partial<ListOpsSettings> {
  /** Folder with the archive's basic_train.tsv, basic_val.tsv and basic_test.tsv: then nothing is generated. */
  folder?: string;
  sizes?: Partial<Record<SplitName, number>>;
  progress?(done: number, total: number): void;
  workers?: number;
  signal?: AbortSignal;
}

const lraSizes: Record<SplitName, number> = { train: 96_000, validation: 2_000, test: 2_000 };
/** First sample number of each split. */
const firstSample: Record<SplitName, number> = { train: 0, validation: 96_000, test: 98_000 };
const RECIPE = 1;
const FILES_RECIPE = 1;

/**
 * The trees of a range of samples: `tokens` one after another, `offsets` (count + 1), `labels`. Exported for the
 * workers of the pool, which find it by its name.
 */
export function generateTrees(settings: ListOpsSettings, range: Range): CacheArrays {
  const draws = new Draws(settings.seed, 'data/listops');
  const generator = new TreeGenerator(settings.bounds);
  let tokens = new Uint8Array(range.count * 1200);
  const offsets = new Int32Array(range.count + 1);
  const labels = new Uint8Array(range.count);
  let end = 0;
  for (let i = 0; i < range.count; i++) {
    const { length, value } = generator.draw(draws.start(range.start + i));
    if (end + length > tokens.length) {
      const larger = new Uint8Array(tokens.length * 2);
      larger.set(tokens);
      tokens = larger;
    }
    tokens.set(generator.tokens.subarray(0, length), end);
    end += length;
    offsets[i + 1] = end;
    labels[i] = value;
  }
  return { tokens: tokens.slice(0, end), offsets, labels };
}

/** Samples in order, with the ones that equal an earlier one drawn again (attempt 1, 2, ...). */
class Collector {
  readonly #seen = new Set<string>();
  readonly tokens: Uint8Array[] = [];
  readonly labels: number[] = [];

  constructor(readonly settings: ListOpsSettings) {}

  add(first: number, { tokens, offsets, labels }: CacheArrays): void {
    for (let i = 0; i < labels.length; i++) {
      let row = tokens.subarray(offsets[i], offsets[i + 1]) as Uint8Array;
      let label = labels[i];
      for (let attempt = 1; this.#known(row); attempt++) {
        if (attempt > 1000)
          throw new Error(
            'ListOps: a thousand draws gave no new expression: widen the length bounds or ask for fewer samples',
          );
        const generator = new TreeGenerator(this.settings.bounds);
        const draws = new Draws(this.settings.seed, 'data/listops').start(first + i, attempt);
        const { length, value } = generator.draw(draws);
        row = generator.tokens.slice(0, length);
        label = value;
      }
      this.tokens.push(row);
      this.labels.push(label);
    }
  }

  #known(row: Uint8Array): boolean {
    const before = this.#seen.size;
    this.#seen.add(createHash('sha1').update(row).digest('base64'));
    return this.#seen.size === before;
  }
}

export class ListOps extends LabelledRows {
  /** The splits lie one after another in `arrays`, `all` samples of each, of which the first `sizes` are used. */
  constructor(
    about: { kind: DataKind; description: string; length: number },
    sizes: Record<SplitName, number>,
    arrays: CacheArrays,
    all: Record<SplitName, number> = sizes,
  ) {
    const { tokens, labels } = arrays;
    const offsets = arrays.offsets as Int32Array;
    const hash = createHash('sha256');
    for (const array of [tokens, offsets, labels])
      hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    if (splitNames.some((split) => sizes[split] !== all[split])) hash.update(JSON.stringify(sizes));
    super({
      ...{ id: 'listops', ...about, classes: 10, sizes, labels },
      ...{ vocabulary: vocabulary.length, padding: PAD, end: END },
      first: { train: 0, validation: all.train, test: all.train + all.validation },
      rows: rowsInMemory({ tokens, offsets }),
      checksum: hash.digest('hex'),
    });
  }

  override tokens(split: SplitName, index: number): Uint8Array {
    return super.tokens(split, index) as Uint8Array;
  }
}

/** Opens ListOps: from the cache, or made now (100,000 samples take about ten seconds on two cores). */
export async function openListOps(options: ListOpsOptions = {}): Promise<ListOps> {
  if (options.folder !== undefined) return readListOps(options.folder, options);
  const settings: ListOpsSettings = { seed: options.seed ?? 0, bounds: options.bounds ?? lraBounds };
  const sizes = chosenSizes('listops', lraSizes, options.sizes);
  const key = { dataset: 'listops', recipe: RECIPE, ...settings, sizes };
  const arrays = await cached(`listops/${keyHash(key)}.lcd`, key, () => generate(settings, sizes, options));
  return new ListOps(aboutGenerated(settings, sizes), sizes, arrays);
}

function aboutGenerated({ seed, bounds }: ListOpsSettings, sizes: Record<SplitName, number>) {
  const { minLength, maxLength, maxDepth, maxArguments } = bounds;
  const same = JSON.stringify(bounds) === JSON.stringify(lraBounds);
  const kind: DataKind = same
    ? 'generated-equivalent'
    : `generated-variant:${minLength} < length < ${maxLength}, depth ${maxDepth}, arguments ${maxArguments}`;
  const description =
    `ListOps made by the published LRA generator (seed ${seed}, ${sizes.train} / ${sizes.validation} / ${sizes.test} ` +
    `samples, ${minLength} < length < ${maxLength}${same ? '' : ': shorter than LRA, another task'})`;
  return { kind, description, length: maxLength };
}

/** The archive's own files: at most 2047 tokens and `<eos>`. Kept encoded, under their sizes and times of change. */
async function readListOps(folder: string, { sizes: asked, signal }: ListOpsOptions): Promise<ListOps> {
  const paths = splitNames.map((split) => join(folder, files[split]));
  splitNames.forEach((split, i) => {
    if (!existsSync(paths[i]))
      throw new MissingFileError(`listops: ${paths[i]} is not there; it holds the ${split} split`);
  });
  const key = { dataset: 'listops', files: FILES_RECIPE, inputs: fileStates(paths) };
  const arrays = await cached(`listops/${keyHash(key)}.lcd`, key, () => encodeFiles(paths, signal));
  const [train, validation, test] = arrays.counts;
  const all = { train, validation, test };
  const sizes = chosenSizes('listops', all, asked);
  const description = `ListOps files of ${folder} (${sizes.train} / ${sizes.validation} / ${sizes.test} samples)`;
  return new ListOps({ kind: 'real', description, length: LONGEST }, sizes, arrays, all);
}

async function generate(
  settings: ListOpsSettings,
  sizes: Record<SplitName, number>,
  { progress, workers, signal }: ListOpsOptions,
): Promise<CacheArrays> {
  const collector = new Collector(settings);
  const total = splitNames.reduce((n, split) => n + sizes[split], 0);
  let before = 0;
  for (const split of splitNames) {
    const start = firstSample[split];
    const options: PoolOptions = { chunk: 500, progress: (done) => progress?.(before + done, total) };
    if (workers !== undefined) options.workers = workers;
    if (signal) options.signal = signal;
    const parts = await runJob(import.meta.url, 'generateTrees', settings, { start, count: sizes[split] }, options);
    let first = start;
    for (const part of parts) {
      collector.add(first, part);
      first += part.labels.length;
    }
    before += sizes[split];
  }
  return { ...joinRows(collector.tokens), labels: Uint8Array.from(collector.labels) };
}
