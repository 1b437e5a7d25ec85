/**
 * `repro data verify <datasets>`: every downloaded byte read again and held to what is known of it; and the samples,
 * real or made here, counted and measured beside the published values.
 */
import { showBytes } from '../../../results/tables.ts';
import { choose } from '../../../results/terminal/options.ts';
import { print, progress } from '../../../results/terminal/output.ts';
import { renderShown } from '../../../results/terminal/shown.ts';
import type { Options } from '../../cli.ts';
import { comparisonColumns, comparisonRow, holds } from '../../data/comparison.ts';
import { type DataDefinition, definitionIds, loadDefinition, type Verified } from '../../data/definition.ts';
import { findAtHand } from '../../data/download/at-hand.ts';
import { type Checked, checkFile } from '../../data/download/check.ts';
import { downloadFolder, placesOf } from '../../data/download/places.ts';
import { type DatasetSource, loadSource, type SourceFile, sourceIds } from '../../data/download/source.ts';
import { missingIngredient } from '../../data/ingredients.ts';
import { cachedFiles, filesIn } from '../../data/real-files.ts';
import { exit, UsageError } from '../../errors.ts';
import { interruption } from '../../interrupt.ts';
import { placeGiven } from './from.ts';
import { filesOf } from './parts.ts';

const known = () => [...new Set([...sourceIds(), ...definitionIds()])];

interface Report {
  files: (Checked & { dataset: string })[];
  samples: (Verified & { dataset: string; holds: boolean })[];
  absent: string[];
}

export async function run(given: string[], options: Options): Promise<number> {
  if (!given.length)
    throw new UsageError(`repro data verify needs a dataset: ${known().join(', ')}; repro data list says more`);
  const from = placeGiven(options);
  const ids = given.map((id) => choose('dataset', id, known()));
  const report: Report = { files: [], samples: [], absent: [] };
  for (const id of ids) {
    const source = sourceIds().includes(id) ? await loadSource(id) : null;
    if (source) await verifySource(source, from, options, report);
    else if (options.only !== undefined)
      throw new UsageError(`${id} is not downloaded and has no parts: leave --only out`);
    for (const definition of await definitionsOf(id)) await verifySamples(definition, id, from, options, report);
  }
  const { files, samples, absent } = report;
  if (options.json === true) await print(JSON.stringify(jsonOf(report), null, 1));
  for (const line of absent) progress.say(line);
  if (files.some((checked) => checked.problem) || samples.some((one) => !one.holds)) return exit.failed;
  return absent.length ? exit.unavailable : exit.done;
}

/** The dataset of this name; of a source, every dataset that reads it. */
async function definitionsOf(id: string): Promise<DataDefinition[]> {
  if (definitionIds().includes(id)) return [await loadDefinition(id)];
  const all = await Promise.all(definitionIds().map(loadDefinition));
  return all.filter(({ source, realFolder }) => source === id && realFolder !== null);
}

async function verifySource(
  source: DatasetSource,
  from: string | null,
  options: Options,
  { files, absent }: Report,
): Promise<void> {
  for (const file of filesOf(source, options.only)) {
    const checked = await verifyFile(source.id, file, from);
    progress.end();
    if (checked) {
      files.push({ dataset: source.id, ...checked });
      if (options.json !== true) await print(sentence(source.id, checked));
    } else if (from === null) absent.push(`${file.name} is not here: repro data get ${source.id}`);
  }
}

async function verifyFile(id: string, file: SourceFile, from: string | null): Promise<Checked | null> {
  const places = placesOf(downloadFolder(id), file.name);
  const at = from === null ? places.file : findAtHand(from, id, file);
  if (at === null) return null;
  return await checkFile({ ...places, file: at }, file, {
    signal: interruption,
    progress: (done) => progress.live(`${file.name}: read ${showBytes(done)}`),
  });
}

/** What is given, or what is here of the published files, or what is made here. */
async function verifySamples(
  definition: DataDefinition,
  asked: string,
  from: string | null,
  options: Options,
  report: Report,
): Promise<void> {
  const { id, made, source } = definition;
  const real = from === null ? await cachedFiles(definition) : filesIn(from, definition);
  // Of a source that several datasets read, each is verified where its files are.
  if (asked === source && id !== source && (real === null || real === from)) return;
  if (real === null && made === null) {
    if (asked !== source) report.absent.push(`the files of ${id} are not here: repro data get ${source}`);
    return;
  }
  const missing = real === null ? missingIngredient(definition) : null;
  if (missing) {
    report.absent.push(missing);
    return;
  }
  const verified = await definition.verify({
    ...(real === null ? {} : { from: real }),
    signal: interruption,
    progress: (done, total) => progress.live(`${id}: ${done} of ${total}`),
  });
  progress.end();
  report.samples.push({ dataset: id, holds: verified.rows.every(holds), ...verified });
  if (options.json === true) return;
  const caption = [`${id}: ${verified.what}`, ...verified.complaints];
  await print(renderShown(verified.rows.map(comparisonRow), comparisonColumns, caption));
}

const jsonOf = ({ files, samples, absent }: Report) => ({
  files,
  samples: samples.map(({ rows, ...rest }) => ({
    ...rest,
    comparisons: rows.map((row) => ({ ...row, holds: holds(row) })),
  })),
  absent,
});

function sentence(dataset: string, { name, bytes, sha256, trust, problem }: Checked): string {
  const what = `${dataset} ${name}: ${showBytes(bytes)}`;
  if (problem) return `${what}: WRONG: ${problem}; repro data get ${dataset} sets it aside and fetches it again`;
  if (trust === 'nothing yet')
    return `${what}, sha256 ${sha256}: nothing to hold it to; repro data get ${dataset} keeps it`;
  return `${what}: agrees with the ${trust === 'first use' ? 'first copy' : trust}`;
}
