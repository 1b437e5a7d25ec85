/** Command-line values: lists, lengths, numbers, names with a suggestion when they are unknown. */
import { closest, distance } from 'fastest-levenshtein';
import { UsageError } from './errors.ts';

/** `"a,b"`, `["a", "b,c"]`, `7` as a list of words; undefined when the option was not given. */
export function list(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const words = (Array.isArray(value) ? value : [value]).flatMap((v) => String(v).split(','));
  return words.map((w) => w.trim()).filter(Boolean);
}

/** The last value of an option that takes one. */
export function last<T>(value: T | T[] | undefined): T | undefined {
  return Array.isArray(value) ? value[value.length - 1] : value;
}

/** A count such as `4096`, `4k`, `1m` (powers of two) of at least `least`. */
export function count(value: unknown, option: string, least = 1): number {
  const m = /^(\d+(?:\.\d+)?)([kKmMgG]?)$/.exec(String(value).trim());
  const n = m
    ? Number(m[1]) * { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[m[2].toLowerCase() as '' | 'k' | 'm' | 'g']
    : Number.NaN;
  if (!Number.isSafeInteger(n) || n < least)
    throw new UsageError(`--${option} ${value}: give a whole number of at least ${least}, such as 512 or 4k`);
  return n;
}

/** `1k,2k,4k`, `1k..64k` (doubling), `1k..64k*4`, `100..500+100`; sorted, each once. */
export function lengths(value: unknown, option = 'lengths'): number[] | undefined {
  const words = list(value);
  if (!words) return undefined;
  const all = words.flatMap((word) => {
    const range = /^([^.]+)\.\.([^*+]+)(?:([*+])(.+))?$/.exec(word);
    if (!range) return [count(word, option)];
    const [from, to] = [count(range[1], option), count(range[2], option)];
    const step = range[4] === undefined ? 2 : count(range[4], option, range[3] === '*' ? 2 : 1);
    if (to < from) throw new UsageError(`--${option} ${word}: the range runs backwards`);
    const out: number[] = [];
    for (let n = from; n <= to; n = range[3] === '+' ? n + step : n * step) {
      if (out.length >= 1000) throw new UsageError(`--${option} ${word}: more than 1000 lengths`);
      out.push(n);
    }
    return out;
  });
  if (!all.length) throw new UsageError(`--${option} is empty: give lengths such as 1k,2k,4k or 1k..64k*2`);
  return [...new Set(all)].sort((a, b) => a - b);
}

/** 65536 as `64K`, 4000 as `4000`. */
export function showLength(n: number): string {
  if (n >= 1024 ** 2 && n % 1024 ** 2 === 0) return `${n / 1024 ** 2}M`;
  return n >= 1024 && n % 1024 === 0 ? `${n / 1024}K` : String(n);
}

/** ` Did you mean "x"?`, or nothing when no name is near. */
export function suggestion(given: string, known: readonly string[]): string {
  if (!known.length) return '';
  const near = closest(given.toLowerCase(), known);
  const limit = Math.max(2, Math.floor(given.length / 2));
  const begins = known.find((k) => given.length > 2 && k.startsWith(given));
  if (begins) return ` Did you mean "${begins}"?`;
  return distance(given.toLowerCase(), near) <= limit ? ` Did you mean "${near}"?` : '';
}

/** `given` when it is one of `known`; otherwise a `UsageError` with the nearest name and the list. */
export function choose<T extends string>(kind: string, given: string, known: readonly T[]): T {
  if ((known as readonly string[]).includes(given)) return given as T;
  throw new UsageError(
    `there is no ${kind} "${given}".${suggestion(given, known)} Choose ${known.length === 1 ? known[0] : `one of ${known.join(', ')}`}`,
  );
}
