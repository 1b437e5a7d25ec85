/** `repro verify [claims]`: the evidence, read again. Exit code 1 when a record is wrong. */

import { readEvidence } from '../../results/evidence.ts';
import { choose } from '../../results/terminal/options.ts';
import { print, progress } from '../../results/terminal/output.ts';
import { claimIds, loadClaim } from '../claim.ts';
import type { Options } from '../cli.ts';
import { exit } from '../errors.ts';
import { showValue } from '../live.ts';
import { summaries } from '../results.ts';
import { findings } from '../verify.ts';

export async function run([given]: unknown[], options: Options): Promise<number> {
  const words = (given as string[]).map((id) => choose('claim', String(id), claimIds()));
  let wrong = 0;
  let records = 0;
  for (const id of words.length ? words : claimIds()) {
    const claim = await loadClaim(id);
    for (const record of readEvidence(id)) {
      records++;
      const found = findings(claim, record);
      if (found.some((f) => f.kind === 'wrong')) wrong++;
      const [{ verdict }] = summaries(claim, [record]);
      const name = `${id} ${record.task} ${record.model} ${record.scale} seed ${record.seed}`;
      if (options.json === true)
        await print(
          JSON.stringify({
            id: record.id,
            name,
            verdict,
            metric: record.metric,
            value: record.test.value,
            findings: found,
          }),
        );
      else {
        const state = found.length ? found.map((f) => `${f.kind}: ${f.sentence}`).join('; ') : 'holds';
        await print(`${name}: ${showValue(record.metric, record.test.value)}, ${verdict.kind}; ${state}`);
      }
    }
  }
  progress.say(`${records} record${records === 1 ? '' : 's'}, ${wrong} wrong`);
  return wrong ? exit.failed : exit.done;
}
