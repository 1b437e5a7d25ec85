/** Which files of a dataset are meant. */
import { choose, list } from '../../../results/terminal/options.ts';
import type { DatasetSource, SourceFile } from '../../data/download/source.ts';

/** The files of the groups and names in `--only`, or the usual ones; each once. */
export function filesOf(source: DatasetSource, only: unknown): SourceFile[] {
  const known = source.files.flatMap((file) => [file.group, file.name]);
  const words = list(only)?.map((word) => choose(`part of ${source.id}`, word, [...new Set(known)])) ?? source.usual;
  return source.files.filter((file) => words.includes(file.group) || words.includes(file.name));
}
