/** `repro data verify <datasets>`: every byte that is here, read again and held to what is known. */
import { showBytes } from '../../../results/tables.ts';
import { choose } from '../../../results/terminal/options.ts';
import { print, progress } from '../../../results/terminal/output.ts';
import type { Options } from '../../cli.ts';
import { type Checked, checkFile } from '../../data/download/check.ts';
import { downloadFolder, placesOf } from '../../data/download/places.ts';
import { loadSource, sourceIds } from '../../data/download/source.ts';
import { exit, UsageError } from '../../errors.ts';
import { interruption } from '../../interrupt.ts';
import { filesOf } from './parts.ts';

export async function run(given: string[], options: Options): Promise<number> {
  if (!given.length)
    throw new UsageError(`repro data verify needs a dataset: ${sourceIds().join(', ')}; repro data list says more`);
  const all: (Checked & { dataset: string })[] = [];
  const absent: string[] = [];
  for (const id of given) {
    const source = await loadSource(choose('dataset', id, sourceIds()));
    for (const file of filesOf(source, options.only)) {
      const checked = await checkFile(placesOf(downloadFolder(id), file.name), file, {
        signal: interruption,
        progress: (done) => progress.live(`${file.name}: read ${showBytes(done)}`),
      });
      progress.end();
      if (!checked) absent.push(`${file.name} is not here: repro data get ${id}`);
      else {
        all.push({ dataset: id, ...checked });
        if (options.json !== true) await print(sentence(id, checked));
      }
    }
  }
  if (options.json === true) await print(JSON.stringify({ files: all, absent }, null, 1));
  for (const line of absent) progress.say(line);
  if (all.some((checked) => checked.problem)) return exit.failed;
  return absent.length ? exit.unavailable : exit.done;
}

function sentence(dataset: string, { name, bytes, sha256, trust, problem }: Checked): string {
  const what = `${dataset} ${name}: ${showBytes(bytes)}`;
  if (problem) return `${what}: WRONG: ${problem}; repro data get ${dataset} sets it aside and fetches it again`;
  if (trust === 'nothing yet')
    return `${what}, sha256 ${sha256}: nothing to hold it to; repro data get ${dataset} keeps it`;
  return `${what}: agrees with the ${trust === 'first use' ? 'first copy' : trust}`;
}
