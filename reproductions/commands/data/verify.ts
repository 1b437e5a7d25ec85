/** `repro data verify <datasets>`: every byte that is here (or in --from), read again and held to what is known. */
import { existsSync } from 'node:fs';
import { showBytes } from '../../../results/tables.ts';
import { choose, last } from '../../../results/terminal/options.ts';
import { print, progress } from '../../../results/terminal/output.ts';
import type { Options } from '../../cli.ts';
import { findAtHand } from '../../data/download/at-hand.ts';
import { type Checked, checkFile } from '../../data/download/check.ts';
import { downloadFolder, placesOf } from '../../data/download/places.ts';
import { loadSource, sourceIds } from '../../data/download/source.ts';
import { madeHere } from '../../data/made-here.ts';
import { exit, UsageError } from '../../errors.ts';
import { interruption } from '../../interrupt.ts';
import { filesOf } from './parts.ts';

const known = () => [...sourceIds(), ...madeHere.map(({ id }) => id)];

export async function run(given: string[], options: Options): Promise<number> {
  if (!given.length)
    throw new UsageError(`repro data verify needs a dataset: ${known().join(', ')}; repro data list says more`);
  const from = options.from === undefined ? null : String(last(options.from));
  if (from !== null && !existsSync(from)) throw new UsageError(`--from ${from} is not there: give a file or a folder`);
  const made = given.filter((id) => madeHere.some((m) => m.id === id));
  if (made.length && (given.length > 1 || options.only !== undefined))
    throw new UsageError(`${made[0]} is made here: verify it by itself, without --only`);
  if (made.length) return await (await import('./verify-made.ts')).verifyMade(made[0], from, options);
  const all: (Checked & { dataset: string })[] = [];
  const absent: string[] = [];
  for (const id of given) {
    const source = await loadSource(choose('dataset', id, known()));
    for (const file of filesOf(source, options.only)) {
      const places = placesOf(downloadFolder(id), file.name);
      const at = from === null ? places.file : findAtHand(from, id, file);
      const checked =
        at === null
          ? null
          : await checkFile({ ...places, file: at }, file, {
              signal: interruption,
              progress: (done) => progress.live(`${file.name}: read ${showBytes(done)}`),
            });
      progress.end();
      if (!checked) absent.push(`${file.name} is not ${from === null ? `here: repro data get ${id}` : `in ${from}`}`);
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
