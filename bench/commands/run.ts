/** `bench run <suite…>`: measures suites on devices; rows to stdout, records to results/runs. */
import { accessSync, constants, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { Device } from '../../kernels/device/device.ts';
import { provenance, runsFolder } from '../../results/provenance.ts';
import { type BenchRecord, configHash, newId, type Provenance, type Row, recordSchema } from '../../results/record.ts';
import { appendRecord, readRecords, runFile, showDamage } from '../../results/store.ts';
import { type Format, formats, render, show } from '../../results/tables.ts';
import { InterruptedError, storageError, UsageError } from '../../results/terminal/errors.ts';
import { memoryLimit, requireMemory } from '../../results/terminal/memory.ts';
import { choose, count, last, lengths, list } from '../../results/terminal/options.ts';
import { colours, lineWidth, print, progress } from '../../results/terminal/output.ts';
import type { Options } from '../cli.ts';
import { deviceNames, openDevices } from '../devices.ts';
import { interrupted } from '../interrupt.ts';
import { Clock } from '../measure/clock.ts';
import { measureGroup } from '../measure/group.ts';
import { planFor } from '../measure/plan.ts';
import { measureRoofline } from '../measure/roofline.ts';
import type { Group } from '../measure/workload.ts';
import { type PeerId, presentPeers } from '../peers/peer.ts';
import { loadSuite, type Measurement, type Suite, type SuiteOptions, scales, suiteIds } from '../suite.ts';
import { applyThreads } from '../threads.ts';

interface Asked {
  suites: Suite[];
  devices: string[];
  options: SuiteOptions;
  format: Format;
  out: string | undefined;
}

export async function run(args: unknown[], given: Options): Promise<number> {
  const asked = await understand(args[0] as string[], given);
  prepareOut(asked.out);
  prepareRuns();
  applyThreads(last(given.threads));
  const { devices, absent } = await openDevices(asked.devices, ['reference']);
  for (const a of absent) progress.say(`not measured: ${a.id}: ${a.reason}`);
  const origin = provenance(process.argv.slice(2));
  const results = new Map(asked.suites.map((s) => [s, [] as Row[]]));
  let failure: unknown;
  try {
    // Everything is planned, and refused if need be, before anything is measured.
    const jobs: { suite: Suite; device: Device; groups: Group[] }[] = [];
    for (const device of devices)
      for (const suite of asked.suites)
        jobs.push({ suite, device, groups: await planned(suite, device, asked.options) });
    const clock = new Clock(jobs.flatMap((j) => j.groups));
    for (const { suite, device, groups } of jobs) {
      const rows = results.get(suite) as Row[];
      await measureSuite(suite, device, groups, asked, origin, clock, async (row) => {
        rows.push(row);
        if (asked.format === 'jsonl') await print(JSON.stringify(row));
      });
    }
  } catch (e) {
    failure = e;
  }
  progress.end();
  await deliver(asked, results);
  for (const d of devices) await d.close();
  if (failure) {
    if (failure instanceof InterruptedError) {
      const any = [...results.values()].some((rows) => rows.length);
      progress.say(
        `interrupted: ${any ? 'the rows above are what was measured until then' : 'nothing was measured yet'}`,
      );
    }
    throw failure;
  }
  return 0;
}

/** Reads the command line; every mistake is found here, before a device is opened. */
async function understand(ids: string[], given: Options): Promise<Asked> {
  const known = suiteIds();
  const named = list(ids) ?? [];
  if (!named.length) throw new UsageError(`which suite? Choose from ${known.join(', ')} (see bench list)`);
  const suites: Suite[] = [];
  for (const id of new Set(named)) suites.push(await loadSuite(choose('suite', id, known)));
  const models = list(given.models);
  for (const suite of suites) for (const m of models ?? []) choose(`model in the suite ${suite.id}`, m, suite.models);
  const peers = list(given.peer) ?? [];
  for (const suite of suites)
    for (const p of peers)
      if (suite.peers?.length) choose(`peer in the suite ${suite.id}`, p, [...suite.peers, present]);
      else throw new UsageError(`the suite ${suite.id} measures no other libraries: leave --peer out`);
  const optional = (name: string, least = 1) =>
    given[name] === undefined ? undefined : count(last(given[name]), name, least);
  return {
    suites,
    devices: deviceNames(given.device, 'cpu'),
    options: {
      scale: choose('scale', String(last(given.scale) ?? 'quick'), scales),
      models,
      lengths: lengths(given.lengths),
      rounds: optional('rounds'),
      batch: optional('batch'),
      width: optional('width'),
      layers: optional('layers'),
      peers: peers.includes(present) ? await peersHere(suites) : peers,
      seed: optional('seed', 0) ?? 0,
    },
    format: choose('format', String(last(given.format) ?? 'table'), formats),
    out: given.out === undefined ? undefined : resolve(String(last(given.out))),
  };
}

/** `--peer present`: those of the suites' peers that are installed here. */
const present = 'present';

async function peersHere(suites: readonly Suite[]): Promise<string[]> {
  const known = [...new Set(suites.flatMap((s) => s.peers ?? []))] as PeerId[];
  const found = await presentPeers(known);
  for (const reason of found.absent) progress.say(`not measured: ${reason}`);
  return found.present;
}

/** The groups of a suite that fit in memory. What was asked for by length and does not fit is refused. */
async function planned(suite: Suite, device: Device, options: SuiteOptions): Promise<Group[]> {
  const limit = memoryLimit(device);
  const groups = await suite.groups(device, options);
  return groups.flatMap((group) => {
    const candidates = group.candidates.filter((c) => {
      const what = `${suite.id}: ${c.id} at ${group.name}`;
      if (c.estimate <= limit.bytes) return true;
      if (options.lengths || options.batch || options.models) requireMemory(what, c.estimate, limit);
      try {
        requireMemory(what, c.estimate, limit);
      } catch (e) {
        progress.say(`left out: ${(e as Error).message}`);
      }
      return false;
    });
    return candidates.length ? [{ ...group, candidates }] : [];
  });
}

async function measureSuite(
  suite: Suite,
  device: Device,
  groups: readonly Group[],
  asked: Asked,
  origin: Provenance,
  clock: Clock,
  keep: (row: Row) => Promise<void>,
): Promise<void> {
  if (!groups.length)
    throw new UsageError(`${suite.id}: nothing is left to measure; choose shorter lengths (--lengths)`);
  const file = runFile(runsFolder(), suite.id);
  const roofline = measureRoofline(device);
  progress.say(
    `${suite.id} on ${device.info.id} (${device.info.name}): ${groups.length} ${groups.length === 1 ? 'group' : 'groups'}${ceilings(roofline)}`,
  );
  const emit = async (m: Measurement) => {
    const record = recordOf(suite, device, asked, origin, roofline, m);
    // The row first: it is shown even when a disk is full.
    await keep(record.row);
    appendRecord(file, record);
    if (asked.out && isRecordFile(asked.out)) appendRecord(asked.out, record);
  };
  for (const group of groups) {
    clock.begin(group);
    await measureGroup(
      {
        device,
        options: asked.options,
        signal: interrupted,
        roofline,
        plan: planFor(asked.options.scale, asked.options.rounds),
        emit,
        say: (text) => progress.say(text),
        live: (text) => progress.live(`${suite.id} on ${device.info.id}: ${text}`),
        progress: (g, r) => progress.live(`${suite.id} on ${device.info.id}: ${clock.line(g, r)}`),
      },
      group,
    );
    progress.say(`${suite.id} on ${device.info.id}: ${group.name} done${clock.finish(group)}`);
  }
  progress.say(`records: ${file}`);
}

const softwareNote = (rows: readonly Row[]): string[] =>
  rows.some((r) => r.software)
    ? [
        "Rows of a software driver: the graphics device is emulated on this machine's processor; these are not a GPU's times.",
      ]
    : [];

const ceilings = (r: BenchRecord['roofline']): string =>
  r ? `, ceilings ${show(r.flops / 1e9)} GFLOP/s and ${show(r.bytes / 1e9)} GB/s` : '';

function recordOf(
  suite: Suite,
  device: Device,
  asked: Asked,
  origin: Provenance,
  roofline: BenchRecord['roofline'],
  m: Measurement,
): BenchRecord {
  const { id, name, vendor, driver, features, memoryBytes, software, threads } = device.info;
  return recordSchema.parse({
    ...m,
    row: { suite: suite.id, ...m.row, software },
    schema: 'longconv-record-1',
    id: newId(),
    suite: suite.id,
    ...origin,
    device: {
      id,
      name,
      vendor,
      driver,
      features,
      memory_bytes: Number.isFinite(memoryBytes) ? memoryBytes : null,
      software,
    },
    isa: id === 'cpu' ? features[0] : null,
    threads: threads ?? null,
    config_hash: configHash(m.config),
    seeds: [asked.options.seed],
    roofline,
  } satisfies Record<keyof BenchRecord, unknown>);
}

const tableFiles: Record<string, Format> = { '.csv': 'csv', '.md': 'md', '.json': 'json' };
const isRecordFile = (file: string) => !(extname(file) in tableFiles);

/** Finds out now, not after the measurement, that `--out` cannot be written; a damaged file of records is mended. */
function prepareOut(file: string | undefined): void {
  if (!file) return;
  try {
    writeFileSync(file, '', { flag: 'a' });
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'its folder does not exist' : code === 'EISDIR' ? 'it is a folder' : code;
    throw new UsageError(`--out ${file} cannot be written (${why}): choose another file`);
  }
  if (!isRecordFile(file) || !statSync(file).isFile()) return;
  for (const d of readRecords(file).damage) progress.say(showDamage(d));
}

function prepareRuns(): void {
  const folder = runsFolder();
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch {
    throw new UsageError(`records cannot be written to ${folder}: set LONGCONV_RESULTS to a folder of yours`);
  }
}

/** stdout (and the file of `--out`, when it is a table) once everything is measured. */
async function deliver(asked: Asked, results: ReadonlyMap<Suite, Row[]>): Promise<void> {
  const all = [...results.values()].flat();
  if (!all.length) return;
  const text = (format: Format, colour = false, width = Number.POSITIVE_INFINITY) =>
    format === 'json' || format === 'csv' || format === 'jsonl'
      ? render(all, [], format)
      : [...results]
          .filter(([, rows]) => rows.length)
          .map(([suite, rows]) => {
            const title = format === 'md' ? `## ${suite.title}\n` : suite.title;
            const caption = [...suite.caption(asked.options, rows), ...softwareNote(rows)];
            return `${title}\n${render(rows, suite.columns, format, caption, colour, width)}\n`;
          })
          .join('\n');
  if (asked.format !== 'jsonl') await print(text(asked.format, colours(process.stdout), lineWidth(process.stdout)));
  if (asked.out && !isRecordFile(asked.out))
    try {
      writeFileSync(asked.out, `${text(tableFiles[extname(asked.out)]).trimEnd()}\n`);
    } catch (e) {
      throw storageError(asked.out, e, '--out; the records are whole in results/runs');
    }
}
