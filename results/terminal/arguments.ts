/**
 * Option values as they were typed. cac guesses types: it reads `--out 007` as 7, `--seed ''` as 0 and `--rounds -3` as
 * a flag `-3`. These two functions, before and after it, give every value back as a string.
 */
import type { Command } from 'cac';
import { UsageError } from './errors.ts';

/** Placeholders of the options that take a value, by name. */
function valued(command: Command): Map<string, string> {
  const own = command.options.filter((o) => /<[^>]+>/.test(o.rawName));
  return new Map(own.flatMap((o) => o.names.map((name) => [name, /<[^>]+>/.exec(o.rawName)?.[0] ?? ''] as const)));
}

const optionName = (word: string): string => /^--([^=]+)/.exec(word)?.[1] ?? '';

/** `--rounds -3` as `--rounds=-3`, so that the number is read as the value that it is. */
export function joinNegatives(argv: readonly string[], command: Command): string[] {
  const names = valued(command);
  const out: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const next = argv[i + 1] ?? '';
    const takes = argv[i].startsWith('--') && !argv[i].includes('=') && names.has(optionName(argv[i]));
    if (takes && /^-[\d.]/.test(next)) out.push(`${argv[i]}=${argv[++i]}`);
    else out.push(argv[i]);
  }
  return out;
}

/** The values of the options that take one: a string, or several where the option was repeated. Refuses empty ones. */
export function typedValues(argv: readonly string[], command: Command): Record<string, string | string[]> {
  const names = valued(command);
  const found = new Map<string, string[]>();
  for (let i = 0; i < argv.length && argv[i] !== '--'; i++) {
    const name = argv[i].startsWith('--') ? optionName(argv[i]) : '';
    if (!names.has(name)) continue;
    const equals = argv[i].indexOf('=');
    if (equals < 0 && (i + 1 >= argv.length || argv[i + 1].startsWith('-'))) continue;
    const value = equals < 0 ? argv[++i] : argv[i].slice(equals + 1);
    if (!value.trim()) throw new UsageError(`--${name} is empty: give it a value ${names.get(name)}, or leave it out`);
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, values.length > 1 ? values : values[0]]));
}

/** cac's own complaints as sentences that say what to do. */
export function plainComplaint(message: string, program: string): string {
  const quoted = /`([^`]+)`/.exec(message)?.[1] ?? '';
  if (message.startsWith('Unused args')) return `"${quoted}" is one word too many: see ${program} --help`;
  if (message.startsWith('missing required args'))
    return `something is missing: ${program} ${quoted}; see ${program} --help`;
  if (message.endsWith('value is missing')) return `${quoted.split(' ')[0]} has no value: give it one, as in ${quoted}`;
  return message;
}
