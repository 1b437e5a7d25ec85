/**
 * `repro data speed <datasets>`: how fast batches come. Each dataset is opened twice, so that the second time shows what
 * a run pays whose data are in the cache; then batches are taken in shuffled order, without and with a loading thread.
 */
import type { Row } from '../../../results/record.ts';
import { median } from '../../../results/statistics.ts';
import { type Column, show, showBytes } from '../../../results/tables.ts';
import { choose } from '../../../results/terminal/options.ts';
import { print, progress } from '../../../results/terminal/output.ts';
import { renderShown } from '../../../results/terminal/shown.ts';
import type { Options } from '../../cli.ts';
import type { AnyDataset } from '../../data/dataset.ts';
import { type DataDefinition, definitionIds, loadDefinition } from '../../data/definition.ts';
import { exit, UsageError } from '../../errors.ts';
import { interruption } from '../../interrupt.ts';
import { Loader } from '../../train/loader.ts';
import { SampleOrder } from '../../train/order.ts';
import { filesToOpen, placeGiven } from './from.ts';

const BATCH = 32;
const SECONDS = 2;

const columns: Column[] = [
  { key: 'dataset', title: 'dataset' },
  { key: 'data', title: 'data' },
  { key: 'open', title: 'open from cache, s', align: 'right' },
  { key: 'first', title: 'first batch, s', align: 'right' },
  { key: 'batch', title: 'a batch of 32, ms', align: 'right' },
  { key: 'samples', title: 'samples/s', align: 'right' },
  { key: 'bytes', title: 'bytes/s', align: 'right' },
  { key: 'ahead', title: 'wait when prepared ahead, ms', align: 'right' },
];

export async function run(given: string[], options: Options): Promise<number> {
  if (!given.length) throw new UsageError(`repro data speed needs a dataset: ${definitionIds().join(', ')}`);
  const ids = given.map((id) => choose('dataset', id, definitionIds()));
  const from = placeGiven(options);
  const rows: Row[] = [];
  for (const id of ids) rows.push(await measure(await loadDefinition(id), from));
  if (options.json === true) await print(JSON.stringify(rows, null, 1));
  else await print(renderShown(rows.map(shown), columns));
  return exit.done;
}

async function measure(definition: DataDefinition, from: string | null): Promise<Row> {
  const { id } = definition;
  const folder = await filesToOpen(definition, from);
  const open = () =>
    definition.open({
      signal: interruption,
      progress: (done, total) => progress.live(`preparing ${id}: ${done} of ${total}`),
      ...(folder === null ? {} : { folder }),
    });
  (await open()).close?.();
  progress.end();
  const start = performance.now();
  const data = await open();
  const opened = performance.now();
  const batch = Math.min(BATCH, data.sizes.train);
  const order = new SampleOrder(0, data.sizes.train, batch);
  const here = new Loader(data, { ahead: 0 });
  const times = await takeFor(here, order, () => 0);
  const ahead = new Loader(data);
  // A model that takes ten times as long as its data, at least 20 ms.
  const work = Math.max(20, 10 * median(times.each));
  const waits = ahead.ahead ? await takeFor(ahead, order, () => work) : null;
  for (const loader of [here, ahead]) loader.close();
  data.close?.();
  progress.end();
  const seconds = times.each.reduce((a, b) => a + b, 0) / 1000;
  return {
    ...{ dataset: id, data: data.kind, batch_size: batch, open_s: (opened - start) / 1000 },
    first_batch_s: (opened - start + times.each[0]) / 1000,
    ...{ batch_ms: median(times.each), samples_per_s: (batch * times.each.length) / seconds },
    ...{ bytes_per_s: times.bytes / seconds, wait_ms: waits && median(waits.each.slice(2)) },
  };
}

/** Milliseconds until each batch came, for some seconds; `work`: how long the taker is busy between batches. */
async function takeFor(loader: Loader<AnyDataset>, order: SampleOrder, work: () => number) {
  const each: number[] = [];
  let bytes = 0;
  const run = loader.run(order.from({ epoch: 0, batch: 0 }));
  const end = performance.now() + 1000 * SECONDS;
  while (each.length < 8 || performance.now() < end) {
    interruption.throwIfAborted();
    const start = performance.now();
    const { value } = await run.next();
    each.push(performance.now() - start);
    for (const part of Object.values(value as object)) if (ArrayBuffer.isView(part)) bytes += part.byteLength;
    progress.live(`${loader.dataset.id}: ${each.length} batches`);
    await new Promise((resolve) => setTimeout(resolve, work()));
  }
  return { each, bytes };
}

const shown = (row: Row): Row => ({
  ...{ dataset: row.dataset, data: String(row.data).split(':')[0] },
  ...{ open: show(row.open_s), first: show(row.first_batch_s), batch: show(row.batch_ms) },
  samples: Math.round(Number(row.samples_per_s)),
  bytes: `${showBytes(row.bytes_per_s)}/s`,
  ahead: row.wait_ms === null ? 'no thread: already in memory' : show(row.wait_ms),
});
