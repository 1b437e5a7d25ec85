/** Command-line values of `repro`: seeds, durations, steps, devices. */
import { closeSync, openSync } from 'node:fs';
import { deviceKinds } from '../kernels/device/registry.ts';
import { count, last, list, suggestion } from '../results/terminal/options.ts';
import { UsageError } from './errors.ts';

/** `0..2`, `0,3`, `7`: each once. Default: 0. */
export function seeds(value: unknown): number[] {
  const words = list(value) ?? ['0'];
  const all = words.flatMap((word) => {
    const range = /^(\d+)(?:\.\.(\d+))?$/.exec(word);
    const from = Number(range?.[1]);
    const to = Number(range?.[2] ?? range?.[1]);
    if (!range || !Number.isSafeInteger(to) || to < from || to - from > 999)
      throw new UsageError(`--seeds ${word}: give whole numbers such as 0, 0,1,2 or 0..4`);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  return [...new Set(all)];
}

/** `90s`, `30m`, `2h`, `1d` in seconds; undefined when not given. */
export function duration(value: unknown): number | undefined {
  const given = last(value as unknown);
  if (given === undefined || given === null) return undefined;
  const m = /^(\d+(?:\.\d+)?)(s|m|min|h|d)$/.exec(String(given).trim());
  if (!m) throw new UsageError(`--budget ${given}: give a time with its unit, such as 90s, 30m or 2h`);
  return Number(m[1]) * { s: 1, m: 60, min: 60, h: 3600, d: 86_400 }[m[2] as 's' | 'm' | 'min' | 'h' | 'd'];
}

export function steps(value: unknown): number | undefined {
  const given = last(value as unknown);
  return given === undefined ? undefined : count(given, 'steps');
}

/** `--tokens 5m`: decimal thousands, millions, billions, as papers count them. */
export function tokens(value: unknown): number | undefined {
  const given = last(value as unknown);
  if (given === undefined) return undefined;
  const m = /^(\d+(?:\.\d+)?)([kmb]?)$/i.exec(String(given).trim());
  const n = m
    ? Number(m[1]) * { '': 1, k: 1e3, m: 1e6, b: 1e9 }[m[2].toLowerCase() as '' | 'k' | 'm' | 'b']
    : Number.NaN;
  if (!(n >= 1))
    throw new UsageError(`--tokens ${given}: give a number such as 500k, 20m or 5b (thousands, millions, billions)`);
  return n;
}

export function accumulation(value: unknown): number | undefined {
  const given = last(value as unknown);
  return given === undefined ? undefined : count(given, 'accumulation');
}

/** Checks the name alone: an unknown device is a usage error before anything is opened. */
export function deviceName(value: unknown): string {
  const name = String(last(value as unknown) ?? 'cpu');
  const [kind, index, ...rest] = name.split(':');
  const kinds = deviceKinds();
  if (!kinds.includes(kind) || (index !== undefined && !/^\d+$/.test(index)) || rest.length)
    throw new UsageError(`there is no device "${name}".${suggestion(kind, kinds)} Choose one of ${kinds.join(', ')}`);
  return name;
}

/** Finds out before the work, not after it, that `--out` cannot be written. */
export function requireWritable(file: string): void {
  try {
    closeSync(openSync(file, 'a'));
  } catch (e) {
    throw new UsageError(`--out ${file} cannot be written (${(e as NodeJS.ErrnoException).code}): choose another file`);
  }
}
