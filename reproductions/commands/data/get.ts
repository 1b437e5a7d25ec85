/**
 * `repro data get <datasets>`: the published files into the cache, from the network or from a folder; and what is made
 * here made, after the packages that it is made of were fetched.
 */
import { choose } from '../../../results/terminal/options.ts';
import { print, progress } from '../../../results/terminal/output.ts';
import type { Options } from '../../cli.ts';
import { type DataDefinition, definitionIds, loadDefinition } from '../../data/definition.ts';
import { DownloadError } from '../../data/download/failure.ts';
import { downloadFolder } from '../../data/download/places.ts';
import { type DatasetSource, loadSource, sourceIds } from '../../data/download/source.ts';
import { exit, UsageError } from '../../errors.ts';
import { interruption } from '../../interrupt.ts';
import { duration } from '../../options.ts';
import { type Fetched, type FetchOptions, fetchFile, fetchIngredients } from './fetch.ts';
import { placeGiven } from './from.ts';
import { filesOf } from './parts.ts';

const known = () => [...new Set([...sourceIds(), ...definitionIds()])];

interface Outcome {
  files: (Fetched & { dataset: string })[];
  made: { dataset: string; kind: string; checksum: string; description: string }[];
  failed: string[];
}

export async function run(given: string[], options: Options): Promise<number> {
  if (!given.length)
    throw new UsageError(`repro data get needs a dataset: ${known().join(', ')}; repro data list says more`);
  const ids = given.map((id) => choose('dataset', id, known()));
  const wanted = await Promise.all(ids.map((id) => planOf(id, options.only)));
  const budget = duration(options.budget);
  const late = budget === undefined ? null : AbortSignal.timeout(Math.max(1, budget * 1000));
  const signal = late ? AbortSignal.any([interruption, late]) : interruption;
  const from = placeGiven(options);
  const outcome: Outcome = { files: [], made: [], failed: [] };
  for (const { id, source, definition } of wanted)
    try {
      if (source) await fetchAll(source, options, { signal, from }, outcome);
      else if (definition) await make(definition, options, { signal, from }, outcome);
    } catch (error) {
      progress.end();
      if (!signal.aborted) throw error;
      return await stopped(
        source ? downloadFolder(id) : 'the cache',
        late?.aborted === true && !interruption.aborted,
        options,
        outcome,
      );
    }
  const { failed, files } = outcome;
  if (options.json === true) await print(JSON.stringify(outcome, null, 1));
  if (failed.length) progress.say(`${failed.length} of ${files.length + failed.length} files could not be had`);
  return failed.length ? exit.unavailable : exit.done;
}

/** What is to be fetched or made under a name: a source before the dataset that only reads it. */
async function planOf(id: string, only: unknown) {
  const definition = definitionIds().includes(id) ? await loadDefinition(id) : null;
  const reads = definition && definition.made === null ? definition.source : null;
  const name = sourceIds().includes(id) ? id : reads;
  if (name === null && only !== undefined)
    throw new UsageError(
      `${id} is made here and has no parts: leave --only out (the published files are parts of lra)`,
    );
  const source = name === null ? null : await loadSource(name);
  if (source) filesOf(source, only);
  return { id: name ?? id, source, definition };
}

async function fetchAll(
  source: DatasetSource,
  options: Options,
  fetching: FetchOptions,
  { files, failed }: Outcome,
): Promise<void> {
  const before = failed.length;
  for (const file of filesOf(source, options.only))
    try {
      const fetched = await fetchFile(source, file, options.unpack !== false, fetching);
      files.push({ dataset: source.id, ...fetched });
      if (options.json !== true) await print(fetched.folder ?? fetched.path);
    } catch (error) {
      progress.end();
      if (fetching.signal.aborted || !(error instanceof DownloadError)) throw error;
      failed.push(error.message);
      progress.say(`${source.id}: ${error.message}`);
    }
  if (failed.length > before) progress.say(advice(source, fetching.from));
}

async function make(
  definition: DataDefinition,
  options: Options,
  fetching: FetchOptions,
  { made }: Outcome,
): Promise<void> {
  const { id } = definition;
  await fetchIngredients(definition, fetching);
  const start = performance.now();
  const data = await definition.open({
    signal: fetching.signal,
    progress: (done, total) => progress.live(`making ${id}: ${done} of ${total}`),
  });
  progress.end();
  const { kind, checksum, description } = data;
  data.close?.();
  made.push({ dataset: id, kind, checksum, description });
  progress.say(`${id}: ready in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  if (options.json !== true) await print(`${id}: ${description}`);
}

const advice = (source: DatasetSource, from: string | null): string =>
  `${source.advice}.${from === null ? ` With the file at hand: repro data get ${source.id} --from <its folder>` : ''}`;

async function stopped(where: string, budget: boolean, options: Options, outcome: Outcome): Promise<number> {
  if (options.json === true) await print(JSON.stringify(outcome, null, 1));
  progress.say(
    `${budget ? 'the budget is used up' : 'interrupted'}: what has arrived is kept in ${where}; ` +
      'the same command goes on from there',
  );
  return budget ? exit.stopped : exit.interrupted;
}
