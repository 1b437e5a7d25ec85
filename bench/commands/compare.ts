/**
 * `bench compare <a> <b…>`: runs, commits or devices side by side. A source is a file of records, a suite (its latest
 * run), or a commit or device of the records kept here. Only measurements of the same configuration are compared.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runsFolder } from '../../results/provenance.ts';
import type { BenchRecord, Row } from '../../results/record.ts';
import { unpairedRatio } from '../../results/statistics.ts';
import { readRecords, showDamage } from '../../results/store.ts';
import { type Column, type Format, formats, render, showInterval } from '../../results/tables.ts';
import { exit, UsageError } from '../../results/terminal/errors.ts';
import { choose, last, suggestion } from '../../results/terminal/options.ts';
import { colours, lineWidth, print, progress } from '../../results/terminal/output.ts';
import type { Options } from '../cli.ts';
import { text } from '../measure/columns.ts';

interface Source {
  name: string;
  /** The latest record of each configuration, by its hash. */
  records: Map<string, BenchRecord>;
}

export async function run(args: unknown[], options: Options): Promise<number> {
  const names = (args[0] as unknown[]).map(String);
  if (names.length < 2)
    throw new UsageError('give two or more sources: files of records, suites (their latest run), commits or devices');
  const format: Format = choose('format', String(last(options.format) ?? 'table'), formats);
  const [first, ...others] = names.map(source);
  const rows: Row[] = [];
  for (const other of others) {
    const common = [...first.records.keys()].filter((hash) => other.records.has(hash));
    if (!common.length) throw incomparable(first, other);
    for (const hash of common)
      rows.push(side(first.records.get(hash) as BenchRecord, other.records.get(hash) as BenchRecord, other.name));
    const alone = first.records.size + other.records.size - 2 * common.length;
    if (alone)
      progress.say(`${alone} measurements of ${first.name} and ${other.name} have no counterpart and are left out`);
  }
  const caption = [
    `Against ${first.name}: ${what(first)}`,
    ...others.map(
      (o) => `${o.name}: ${differences(first, o).join(', ') || 'the same commit, device, threads and runtime'}`,
    ),
    'Ratio: how many times as long the first takes as the other (above 1: the other is faster), with the 95 % interval over rounds.',
  ];
  await print(render(rows, columns(rows), format, caption, colours(process.stdout), lineWidth(process.stdout)));
  return exit.done;
}

function source(name: string): Source {
  const records = new Map<string, BenchRecord>();
  for (const r of recordsOf(name)) {
    const before = records.get(r.config_hash);
    if (!before || before.id < r.id) records.set(r.config_hash, r);
  }
  return { name, records };
}

/** What `repro` keeps beside the suites. */
const notSuites = ['evidence', 'repro'];

function recordsOf(name: string): BenchRecord[] {
  if (existsSync(name) && statSync(name).isFile()) {
    const records = read(name);
    if (!records.length)
      throw new UsageError(`${name} holds no records of bench: name a file that bench run --out made`);
    return records;
  }
  const root = runsFolder();
  const suites = existsSync(root)
    ? readdirSync(root, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !notSuites.includes(entry.name))
        .map((entry) => entry.name)
    : [];
  const files = (suite: string) =>
    readdirSync(join(root, suite))
      .filter((f) => f.endsWith('.jsonl'))
      .sort()
      .map((f) => join(root, suite, f));
  const latest = suites.includes(name) && files(name).at(-1);
  if (latest) return read(latest);
  const all = suites.flatMap(files).flatMap(read);
  const mine = all.filter((r) => r.device.id === name || (name.length >= 7 && r.git.commit?.startsWith(name)));
  if (mine.length) return mine;
  const known = [...new Set([...suites, ...all.map((r) => r.device.id)])];
  throw new UsageError(
    `"${name}" is no file of records, suite, commit or device with records in ${root}.${suggestion(name, known)}`,
  );
}

function read(file: string): BenchRecord[] {
  const { records, damage } = readRecords(file);
  for (const d of damage) progress.say(showDamage(d));
  return records;
}

function side(a: BenchRecord, b: BenchRecord, name: string): Row {
  const ratio = unpairedRatio(a.samples.rounds, b.samples.rounds);
  const { suite, model, length, pass } = a.row;
  return {
    suite,
    model,
    length: length ?? null,
    pass: pass ?? null,
    other: name,
    ms: a.statistics.ms,
    ms_low: a.statistics.ms_low,
    ms_high: a.statistics.ms_high,
    other_ms: b.statistics.ms,
    other_ms_low: b.statistics.ms_low,
    other_ms_high: b.statistics.ms_high,
    ratio: ratio.estimate,
    ratio_low: ratio.low,
    ratio_high: ratio.high,
    peak_bytes: a.peak_bytes,
    other_peak_bytes: b.peak_bytes,
  };
}

const interval = (key: string, title: string): Column => ({
  key,
  title,
  align: 'right',
  text: (v, r) => showInterval(v, r[`${key}_low`], r[`${key}_high`]),
});

/** Columns that say the same in every row are left out. */
function columns(rows: readonly Row[]): Column[] {
  const varying = ['suite', 'model', 'length', 'pass', 'other'].filter(
    (k) => k === 'model' || new Set(rows.map((r) => r[k])).size > 1,
  );
  return [
    ...varying.map((k) => text(k, k[0].toUpperCase() + k.slice(1))),
    interval('ms', 'First, ms'),
    interval('other_ms', 'Other, ms'),
    interval('ratio', 'Ratio'),
  ];
}

type Facts = Record<string, string>;

function facts({ records }: Source): Facts {
  const r = records.values().next().value as BenchRecord;
  return {
    commit: `${r.git.commit?.slice(0, 10) ?? 'unknown'}${r.git.dirty ? ' with changes' : ''}`,
    device: `${r.device.id} (${r.device.name})`,
    'instruction set': r.isa ?? 'none',
    threads: String(r.threads ?? 'unknown'),
    runtime: `${r.runtime.name} ${r.runtime.version}`,
    host: r.host.name,
    version: r.version,
  };
}

const what = (s: Source): string =>
  Object.entries(facts(s))
    .map(([k, v]) => `${k} ${v}`)
    .join(', ');

function differences(a: Source, b: Source): string[] {
  const [x, y] = [facts(a), facts(b)];
  return Object.keys(x)
    .filter((k) => x[k] !== y[k])
    .map((k) => `${k} ${y[k]} instead of ${x[k]}`);
}

/** Names the key of the configuration that keeps two sources apart. */
function incomparable(a: Source, b: Source): UsageError {
  let best: string[] | null = null;
  for (const x of a.records.values())
    for (const y of b.records.values()) {
      const keys = differing(x.config, y.config);
      if (!best || keys.length < best.length) best = keys;
    }
  return new UsageError(
    `${a.name} and ${b.name} cannot be compared: no configuration is in both; the nearest ones differ in ${best?.join(', ') || 'everything'}`,
  );
}

function differing(a: unknown, b: unknown, path = ''): string[] {
  const object = (v: unknown): v is Record<string, unknown> => v !== null && typeof v === 'object';
  if (!object(a) || !object(b)) return a === b ? [] : [`${path} (${JSON.stringify(a)} and ${JSON.stringify(b)})`];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((k) => differing(a[k], b[k], path ? `${path}.${k}` : k));
}
