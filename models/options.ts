/**
 * What values the options of a mixer may take. Every mixer states it for each of its options, so that a wrong value is
 * refused by one sentence that names it before anything is built; what depends on several options, or on the model's
 * size, the mixer checks itself.
 */

export interface Option<T> {
  /** "{option} must be {words}". */
  words: string;
  holds(value: unknown): value is T;
}

export type Options<C extends object> = { [K in keyof C]-?: Option<C[K]> };

const option = <T>(words: string, test: (value: unknown) => boolean): Option<T> => ({
  words,
  holds: (value): value is T => test(value),
});

/** A finite number of which `test` holds. */
export const number = (words: string, test: (value: number) => boolean): Option<number> =>
  option(words, (value) => typeof value === 'number' && Number.isFinite(value) && test(value));

/** Sizes and counts, from `least` to `most`. */
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): Option<number> =>
  number(
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${least}`
      : `a whole number from ${least} to ${most}`,
    (x) => Number.isSafeInteger(x) && x >= least && x <= most,
  );

export const even = number('an even number of at least 2', (x) => Number.isSafeInteger(x) && x >= 2 && x % 2 === 0);
export const powerOfTwo = number('a power of two of at least 2', (x) => x >= 2 && Number.isInteger(Math.log2(x)));
export const odd = number('an odd number of at least 1', (x) => Number.isSafeInteger(x) && x >= 1 && x % 2 === 1);
export const real = number('a finite number', () => true);
export const positive = number('a positive number', (x) => x > 0);
export const notNegative = number('a number of at least 0', (x) => x >= 0);
/** Of dropping something. */
export const probability = number('a number in [0, 1)', (x) => x >= 0 && x < 1);
export const flag: Option<boolean> = option('true or false', (value) => typeof value === 'boolean');

export const oneOf = <T extends string>(...list: readonly T[]): Option<T> =>
  option(`one of ${list.join(', ')}`, (value) => list.some((x) => x === value));

export const orNull = <T>({ words, holds }: Option<T>): Option<T | null> =>
  option(`${words}, or null`, (value) => value === null || holds(value));

export const optional = <T>({ words, holds }: Option<T>): Option<T | undefined> =>
  option(words, (value) => value === undefined || holds(value));

/** A learning rate; null: the run's. */
export const rate = orNull(notNegative);

/** A learning rate for each of the groups of parameters, all of them given. */
export const rates = <K extends string>(...groups: readonly K[]): Option<Record<K, number | null>> =>
  option(`an object of rates (numbers of at least 0, or null) for ${groups.join(', ')}`, (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const given = value as Record<string, unknown>;
    return Object.keys(given).length === groups.length && groups.every((k) => k in given && rate.holds(given[k]));
  });

/** What is wrong first with the options that `config` gives, as a sentence; null: nothing. Unknown ones are wrong. */
export function faultIn<C extends object>(owner: string, options: Options<C>, config: object): string | null {
  const known = Object.keys(options);
  for (const [key, value] of Object.entries(config)) {
    if (!known.includes(key)) return `${owner} has no option ${key}: it has ${known.join(', ') || 'none'}`;
    const { words, holds } = options[key as keyof C];
    if (!holds(value)) return `${owner}: ${key} must be ${words}, not ${shown(value)}`;
  }
  return null;
}

/** Throws the sentence if one of `options` is wrong in `config`, which may hold more. */
export function requireOptions<O extends Record<string, Option<unknown>>>(
  owner: string,
  options: O,
  config: { readonly [K in keyof O]?: unknown },
): void {
  const listed = Object.fromEntries(Object.keys(options).map((key) => [key, config[key]]));
  const fault = faultIn(owner, options, listed);
  if (fault) throw new RangeError(fault);
}

const shown = (value: unknown): string =>
  typeof value === 'string' || (typeof value === 'object' && value !== null) ? JSON.stringify(value) : String(value);
