/** The published recordings, from a folder in their layout (`files.ts`). */
import { MissingFileError, type SplitName } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { FormatError } from '../formats/format-error.ts';
import { findRuns, partsOfName } from './files.ts';
import { indexRuns } from './index-runs.ts';
import { FmriSeries } from './series.ts';
import { SIMULATED } from './simulate.ts';
import { splitRuns } from './split.ts';

/** An epoch has one window of every training run, as one pass of the published loader. */
const windows: Record<SplitName, number> = { train: 1, validation: 32, test: 32 };

/** Opens them. The first time every byte is read once (13 GB: minutes); from then on only what a batch needs. */
export async function openFmri(options: OpenOptions): Promise<FmriSeries> {
  const { folder, seed = 0, sizes } = options;
  if (folder === undefined)
    throw new MissingFileError(
      'fmri: the recordings are not here: git clone --depth 1 https://github.com/athms/learning-from-brains and give ' +
        'that folder with --data, or repro data get fmri --unpack; bold-sim stands in for them',
    );
  const found = findRuns(folder);
  const simulated = found.find(({ name }) => partsOfName(name)!.set === SIMULATED);
  if (simulated)
    throw new FormatError(
      simulated.path,
      null,
      'this run was simulated, it is no recording: ask for bold-sim by its name, which needs no folder',
    );
  const runs = await indexRuns(found, options);
  const split = splitRuns(runs.map(({ name }) => name));
  for (const [part, members] of Object.entries(split))
    if (!members.length)
      throw new MissingFileError(
        `fmri: the ${runs.length} runs of ${folder} leave none for ${part}: a set needs at least 3 runs, 2 are held out`,
      );
  const of = (part: SplitName) => split[part].map((i) => runs[i]);
  const sets = new Set(runs.map(({ name }) => partsOfName(name)!.set)).size;
  return new FmriSeries({
    ...{ id: 'fmri', kind: 'real', seed, windows, sizes },
    runs: { train: of('train'), validation: of('validation'), test: of('test') },
    description:
      `${runs.length} fMRI runs of ${sets} sets in ${folder} (athms/learning-from-brains): windows of 10 to 49 steps, one ` +
      `step hidden; training runs as published (seed 1234), the published held-out runs halved into validation and test`,
    reopen: { module: import.meta.url, name: 'openFmri', settings: { folder, seed, ...(sizes ? { sizes } : {}) } },
  });
}
