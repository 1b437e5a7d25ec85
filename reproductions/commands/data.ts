/** `repro data <list|get|verify|baselines|speed> [datasets]`. */
import { choose } from '../../results/terminal/options.ts';
import type { Options } from '../cli.ts';
import { UsageError } from '../errors.ts';

const actions = {
  list: () => import('./data/list.ts'),
  get: () => import('./data/get.ts'),
  verify: () => import('./data/verify.ts'),
  baselines: () => import('./data/baselines.ts'),
  speed: () => import('./data/speed.ts'),
};
type Action = keyof typeof actions;

/** Options that an action has no use for. */
const useless: Record<Action, string[]> = {
  list: ['only', 'from', 'budget'],
  get: [],
  verify: ['budget'],
  baselines: ['only', 'budget'],
  speed: ['only', 'budget'],
};

export async function run([given, datasets]: unknown[], options: Options): Promise<number> {
  const action = choose('action', String(given), Object.keys(actions) as Action[]);
  if (options.unpack === false && action !== 'get')
    throw new UsageError(`repro data ${action} has no use for --no-unpack: leave it out`);
  const odd = useless[action].find((name) => options[name] !== undefined);
  if (odd) throw new UsageError(`repro data ${action} has no use for --${odd}: leave it out`);
  return (await actions[action]()).run((datasets as unknown[]).map(String), options);
}
