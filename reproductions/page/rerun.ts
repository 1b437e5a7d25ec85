/** The commands that make the evidence of a claim again, put together from those that made it. */
import type { Evidence } from '../../results/evidence.ts';
import { type Scale, scales, type TrainingClaim } from '../claim.ts';
import type { MeasuredResults, TrainingResults } from '../claim-results.ts';
import { definitionIds } from '../data/definition.ts';

/** Options that say which of the runs; and those that change nothing of what is computed. */
const which = ['--scale', '--task', '--models', '--seed', '--seeds'];
const idle = ['--out', '--budget'];
const flags = ['--json', '--fresh'];

/** The rest of a command line: what else was asked for, such as `--steps 100`. */
export function remaining(argv: readonly string[], claim: string): string[] {
  const words = argv.flatMap((word) => (/^--[a-z]+=/.test(word) ? splitAt(word, word.indexOf('=')) : [word]));
  const rest: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if ([...which, ...idle].includes(word)) i++;
    else if (!flags.includes(word) && !(rest.length === 0 && (word === 'run' || word === claim))) rest.push(word);
  }
  return rest;
}

const splitAt = (word: string, at: number): string[] => [word.slice(0, at), word.slice(at + 1)];

/** `0..2`, `0,3`. */
export function seedList(seeds: readonly number[]): string {
  const all = [...new Set(seeds)].sort((a, b) => a - b);
  const whole = all.length > 2 && all.every((seed, i) => seed === all[0] + i);
  return whole ? `${all[0]}..${all.at(-1)}` : all.join(',');
}

/** One line for all tasks whose runs are of the same models and seeds. `--fresh`: committed runs are not made twice. */
export function trainingCommands({ claim, runs }: TrainingResults): string[] {
  const tasks = new Map<string, string[]>();
  const own = runs.filter((run) => run.claim === claim.id);
  for (const [task, scale, extra, group] of perTask(claim, own))
    for (const seeds of new Set(group.map((same) => same.seeds))) {
      const models = group.filter((same) => same.seeds === seeds).map(({ model }) => model);
      const option = /[,.]/.test(seeds) ? '--seeds' : '--seed';
      const line = `--models ${models.join(',')} ${option} ${seeds}${extra} --fresh`;
      const key = JSON.stringify([scale, line]);
      tasks.set(key, [...(tasks.get(key) ?? []), task]);
    }
  return [...tasks].map(([key, list]) => {
    const [scale, line] = JSON.parse(key) as [Scale, string];
    return `repro ${claim.id} --scale ${scale} --task ${list.join(',')} ${line}`;
  });
}

type OfTask = [task: string, scale: Scale, extra: string, models: { model: string; seeds: string }[]];

/** In the order of the claim; runs that were asked for in another way are apart. */
function perTask({ tasks, models }: TrainingClaim, runs: readonly Evidence[]): OfTask[] {
  return scales.toReversed().flatMap((scale) =>
    Object.keys(tasks).flatMap((task) => {
      const here = runs.filter((run) => run.scale === scale && run.task === task);
      return [...new Set(here.map(extraOf))].sort().map((extra): OfTask => {
        const of = (model: string) => here.filter((run) => run.model === model && extraOf(run) === extra);
        const known = Object.keys(models).filter((model) => of(model).length);
        const seeds = (model: string) => seedList(of(model).map(({ seed }) => seed));
        return [task, scale, extra, known.map((model) => ({ model, seeds: seeds(model) }))];
      });
    }),
  );
}

/** Whatever else was asked for. Data that were taken because the published ones were not there are named. */
function extraOf({ argv, claim, data }: Evidence): string {
  const rest = remaining(argv, claim);
  const standIn = data.kind.startsWith('stand-in') && definitionIds().includes(data.id);
  const made = ['--data', standIn ? data.id : 'offline'];
  const named = rest.includes('--data') || data.kind === 'real' ? [] : made;
  return [...rest.map(quoted), ...named].map((word) => ` ${word}`).join('');
}

const quoted = (word: string): string => (/^[\w./:,=@%+-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`);

export const measuringCommands = ({ claim, measurements }: MeasuredResults): string[] => [
  ...new Set(
    measurements.map(({ scale, argv }) =>
      ['repro', claim.id, '--scale', scale, ...remaining(argv, claim.id).map(quoted)].join(' '),
    ),
  ),
];
