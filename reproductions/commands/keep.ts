/** `repro keep [claims]`: this machine's finished desk and paper records into `results/evidence`. Exit code 1 when one is wrong. */
import { choose } from '../../results/terminal/options.ts';
import { print } from '../../results/terminal/output.ts';
import { claimIds, loadClaim } from '../claim.ts';
import type { Options } from '../cli.ts';
import { exit } from '../errors.ts';
import { type Keeping, keep } from '../keep.ts';

export async function run([given]: unknown[], options: Options): Promise<number> {
  const words = (given as string[]).map((id) => choose('claim', String(id), claimIds()));
  const claims = await Promise.all((words.length ? words : claimIds()).map(loadClaim));
  const all = keep(claims);
  if (options.json === true) await print(JSON.stringify(all, null, 1));
  else await print(all.flatMap(lines).join('\n') || 'Nothing new to keep: finished desk and paper runs are kept once.');
  return all.some(({ refused }) => refused.some(({ wrong }) => wrong)) ? exit.failed : exit.done;
}

function lines({ claim, runs, curves, measurements, trials, refused, noted }: Keeping): string[] {
  const taken = [
    ...(runs ? [`${runs} runs`] : []),
    ...(curves ? [`${curves} curves`] : []),
    ...(measurements ? [`${measurements} measurements`] : []),
    ...(trials ? [`${trials} trials`] : []),
  ];
  return [
    ...(taken.length ? [`${claim}: kept ${taken.join(', ')}`] : []),
    ...noted.map(({ name, reason }) => `${name}: look at it: ${reason}`),
    ...refused.map(({ name, reason, wrong }) => `${name}: not kept, ${wrong ? 'wrong: ' : ''}${reason}`),
  ];
}
