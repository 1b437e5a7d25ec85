/**
 * The stand-in for the brain recordings: simulated ones (`model.ts`) whose best possible MAE is known, written once as
 * tars in the real layout below `<cache>/bold-sim/` and read by the reader of the real ones. Unlike the real ones they
 * are split by number, and every run gives 8 windows an epoch, about as many as cover it.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, keyHash } from '../cache.ts';
import { MissingFileError, type SplitName, splitNames } from '../dataset.ts';
import type { OpenOptions, WorkOptions } from '../definition.ts';
import { type PoolOptions, runJob } from '../pool.ts';
import { runFile } from './files.ts';
import { indexRuns, type Run } from './index-runs.ts';
import { type BoldModel, boldModel, mixingMatrix, type SimulationSettings } from './model.ts';
import { FmriSeries, type SeriesContent } from './series.ts';
import { planOf, repetitionTimes, tarOf, tarSize } from './simulate.ts';

export interface BoldSimOptions extends OpenOptions, Partial<Omit<SimulationSettings, 'seed'>> {}

const usual = { regions: 1024, sources: 16, snr: 3, rho: 0.9 };
const WINDOWS = 8;
const fullRuns: Record<SplitName, number> = { train: 240, validation: 30, test: 60 };
/** Number of the first run of each split. */
const firstRun: Record<SplitName, number> = { train: 0, validation: 100_000, test: 200_000 };
const RECIPE = 1;

export class BoldSim extends FmriSeries {
  readonly #models: Map<number, BoldModel>;

  constructor(
    content: SeriesContent,
    readonly simulation: SimulationSettings,
  ) {
    super(content);
    const mixing = mixingMatrix(simulation);
    this.#models = new Map(repetitionTimes.map((t) => [Math.fround(t), boldModel(simulation, t, mixing)]));
  }

  /** The model that a run was drawn from. */
  modelOf({ repetitionTime }: Pick<Run, 'repetitionTime'>): BoldModel {
    return this.#models.get(repetitionTime)!;
  }

  /** One model for each repetition time. */
  get models(): BoldModel[] {
    return [...this.#models.values()];
  }
}

/** Opens it: from the cache, or made now (311 MB in about ten seconds on two cores, less for smaller `sizes`). */
export async function openBoldSim(options: BoldSimOptions = {}): Promise<BoldSim> {
  const { regions, sources, snr, rho } = { ...usual, ...definedOf(options) };
  const simulation: SimulationSettings = { seed: options.seed ?? 0, regions, sources, snr, rho };
  check(options, simulation);
  const key = { dataset: 'bold-sim', recipe: RECIPE, ...simulation };
  const folder = join(cacheFolder(), 'bold-sim', keyHash(key));
  const needed = { train: 0, validation: 0, test: 0 };
  const numbers: number[] = [];
  for (const split of splitNames) {
    needed[split] = Math.ceil((options.sizes?.[split] ?? fullRuns[split] * WINDOWS) / WINDOWS);
    for (let i = 0; i < needed[split]; i++) numbers.push(firstRun[split] + i);
  }
  await make(simulation, folder, numbers, options);
  const files = numbers.map((run) => runFile(tarOf(folder, run)));
  const { signal, workers } = options;
  const all = await indexRuns(files, { ...(signal ? { signal } : {}), ...(workers === undefined ? {} : { workers }) });
  const take = (n: number): Run[] => all.splice(0, n);
  const runs = { train: take(needed.train), validation: take(needed.validation), test: take(needed.test) };
  const { sizes } = options;
  const settings = { ...simulation, ...(sizes ? { sizes } : {}) };
  return new BoldSim(
    {
      ...{ id: 'bold-sim', kind: 'stand-in:bold-sim', seed: simulation.seed, runs, sizes },
      windows: { train: WINDOWS, validation: WINDOWS, test: WINDOWS },
      description:
        `simulated fMRI runs (${needed.train} / ${needed.validation} / ${needed.test}, seed ${simulation.seed}): ` +
        `${sources} autoregressive sources (rho ${rho}) through a haemodynamic response, mixed into ${regions} regions ` +
        `with noise at a signal-to-noise ratio of ${snr}; the best possible MAE is known in closed form`,
      reopen: { module: import.meta.url, name: 'openBoldSim', settings },
    },
    simulation,
  );
}

const definedOf = ({ regions, sources, snr, rho }: BoldSimOptions): Partial<typeof usual> =>
  Object.fromEntries(Object.entries({ regions, sources, snr, rho }).filter(([, value]) => value !== undefined));

function check({ folder, sizes }: BoldSimOptions, { regions, sources, snr, rho }: SimulationSettings): void {
  if (folder !== undefined)
    throw new MissingFileError(`bold-sim is simulated here and reads no files: the recordings in ${folder} are fmri`);
  for (const split of splitNames) {
    const [size, most] = [sizes?.[split], fullRuns[split] * WINDOWS];
    if (size !== undefined && !(Number.isInteger(size) && size > 0 && size <= most))
      throw new RangeError(`bold-sim: the ${split} split can have 1 to ${most} windows, not ${size}`);
  }
  if (!(Number.isInteger(sources) && sources >= 1 && Number.isInteger(regions) && regions >= sources))
    throw new RangeError(`bold-sim: ${regions} regions and ${sources} sources: whole numbers, not more sources`);
  if (!(snr > 0 && Number.isFinite(snr) && rho >= 0 && rho < 1))
    throw new RangeError(`bold-sim: snr must be above 0 and rho from 0 to below 1, not ${snr} and ${rho}`);
}

/** Writes the runs that are not there yet: an interrupted making goes on where it stopped. */
async function make(simulation: SimulationSettings, folder: string, numbers: number[], options: WorkOptions) {
  const runs = numbers.filter((run) => {
    const path = tarOf(folder, run);
    return !existsSync(path) || statSync(path).size !== tarSize(simulation.regions, planOf(simulation, run).steps);
  });
  const pool: PoolOptions = { chunk: 2 };
  if (options.signal) pool.signal = options.signal;
  if (options.progress) pool.progress = options.progress;
  if (options.workers !== undefined) pool.workers = options.workers;
  const module = new URL('./simulate.ts', import.meta.url).href;
  if (runs.length)
    await runJob(module, 'writeRuns', { simulation, folder, runs }, { start: 0, count: runs.length }, pool);
}
