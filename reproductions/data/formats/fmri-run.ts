/**
 * One run of the fMRI collection: a tar with `<key>.bold.pyd`, a pickled float32 array (time, 1024), and
 * `<key>.t_r.pyd`, the pickled repetition time in seconds; downstream sets add a label a sample.
 */
import { openContent } from './decompress.ts';
import { FormatError, quoted } from './format-error.ts';
import type { NdArray } from './npy.ts';
import { readPickle } from './pickle.ts';
import { readTar } from './tar.ts';

export interface FmriSample {
  /** Such as `ds-<set>_sub-<id>_task-<t>_run-<n>`. */
  key: string;
  /** Signals (time, networks). */
  bold: { values: Float32Array; time: number; networks: number };
  /** Seconds between two rows. */
  repetitionTime: number;
  /** `task_label` or `label_across_tasks`, where the tar has one. */
  label: number | null;
}

const LARGEST = 1 << 28;

/** The samples of a tar in the order of their first entries: one in an upstream tar, one a trial in a downstream one. */
export async function readFmriTar(path: string): Promise<FmriSample[]> {
  const groups = new Map<string, Map<string, NdArray>>();
  for await (const entry of readTar(openContent(path), path)) {
    if (entry.kind === 'folder') continue;
    const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    const match = /^([^.]+)\.(bold|t_r|task_label|label_across_tasks)\.pyd$/.exec(name);
    if (entry.kind !== 'file' || !match) {
      if (/\.pyd$/.test(name)) throw new FormatError(path, entry.offset, `the entry ${quoted(name)} is not known`);
      continue; // WebDataset keeps `<key>.__key__` and the like beside the data
    }
    const [, key, part] = match;
    const group = groups.get(key) ?? new Map<string, NdArray>();
    groups.set(key, group);
    group.set(part, readPickle(await entry.bytes(LARGEST), `${path}: ${entry.path}`));
  }
  if (!groups.size) throw new FormatError(path, null, 'the tar holds no fMRI run');
  return Array.from(groups, ([key, parts]) => sample(path, key, parts));
}

function sample(path: string, key: string, parts: Map<string, NdArray>): FmriSample {
  const fail = (what: string): never => {
    throw new FormatError(path, null, `the run ${quoted(key)} ${what}`);
  };
  const bold = parts.get('bold');
  if (!bold || !(bold.data instanceof Float32Array) || bold.shape.length !== 2)
    return fail('has no "bold" that is a float32 array (time, networks)');
  const repetitionTime = scalar(parts.get('t_r')) ?? fail('has no "t_r" that is a number');
  if (!(repetitionTime > 0 && repetitionTime < 60)) fail(`has a repetition time of ${repetitionTime} seconds`);
  const [time, networks] = bold.shape;
  const label = scalar(parts.get('task_label') ?? parts.get('label_across_tasks'));
  return { key, bold: { values: bold.data, time, networks }, repetitionTime, label };
}

function scalar(array: NdArray | undefined): number | null {
  return array && array.data.length === 1 && !Array.isArray(array.data) ? Number(array.data[0]) : null;
}
