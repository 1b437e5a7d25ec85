/** `repro data baselines <datasets>`: what simple methods get on the test split, beside the values known for them. */
import type { Row } from '../../../results/record.ts';
import type { Column } from '../../../results/tables.ts';
import { choose } from '../../../results/terminal/options.ts';
import { print, progress } from '../../../results/terminal/output.ts';
import { renderShown } from '../../../results/terminal/shown.ts';
import type { Options } from '../../cli.ts';
import { baselinesOf } from '../../data/baselines.ts';
import { type Baseline, definitionIds, loadDefinition } from '../../data/definition.ts';
import { exit, UsageError } from '../../errors.ts';
import { interruption } from '../../interrupt.ts';
import { filesToOpen, placeGiven } from './from.ts';

const columns: Column[] = [
  { key: 'dataset', title: 'dataset' },
  { key: 'data', title: 'data' },
  { key: 'method', title: 'method' },
  { key: 'metric', title: 'metric' },
  { key: 'here', title: 'here', align: 'right' },
  { key: 'known', title: 'known', align: 'right' },
];

export async function run(given: string[], options: Options): Promise<number> {
  if (!given.length) throw new UsageError(`repro data baselines needs a dataset: ${definitionIds().join(', ')}`);
  const ids = given.map((id) => choose('dataset', id, definitionIds()));
  const from = placeGiven(options);
  const all: { dataset: string; kind: string; checksum: string; description: string; baselines: Baseline[] }[] = [];
  for (const id of ids) {
    const definition = await loadDefinition(id);
    const folder = await filesToOpen(definition, from);
    const work = {
      signal: interruption,
      progress: (done: number, total: number) => progress.live(`${id}: ${done} of ${total}`),
    };
    const data = await definition.open({ ...work, ...(folder === null ? {} : { folder }) });
    const baselines = await baselinesOf(data, work);
    data.close?.();
    progress.end();
    all.push({ dataset: id, kind: data.kind, checksum: data.checksum, description: data.description, baselines });
  }
  if (options.json === true) await print(JSON.stringify(all, null, 1));
  else
    await print(
      renderShown(
        all.flatMap(rowsOf),
        columns,
        all.map(({ dataset, description }) => `${dataset}: ${description}`),
      ),
    );
  return exit.done;
}

const rowsOf = ({ dataset, kind, baselines }: { dataset: string; kind: string; baselines: Baseline[] }): Row[] =>
  baselines.map((baseline) => ({
    ...{ dataset, data: kind.split(':')[0], method: baseline.method, metric: baseline.metric },
    here: inColumn(baseline.metric, baseline.value),
    known: baseline.reference === undefined ? '-' : inColumn(baseline.metric, baseline.reference),
  }));

/** The unit has its own column. */
const inColumn = (metric: Baseline['metric'], value: number): string =>
  metric === 'accuracy' ? `${(100 * value).toFixed(1)} %` : value.toFixed(4);
