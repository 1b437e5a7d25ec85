/**
 * Reading evidence again without training. A record is held against itself (hashes, counts), against the journal of
 * its run where that is still there, and against what is believable: results that are too good are named too.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Evidence } from '../results/evidence.ts';
import { configHash } from '../results/record.ts';
import type { TrainingClaim } from './claim.ts';
import { departures } from './configured.ts';
import { folderOf } from './kept-curves.ts';
import { inUnit, publishedFor, showNumber } from './results.ts';
import { Journal } from './train/journal.ts';
import { higherIsBetter, type Metric } from './train/metrics.ts';
import type { TrainingPlan } from './train/plan.ts';

/** Times the tolerance of a claim by which a result may be better than published before it is suspicious. */
const TOO_GOOD = 3;

export interface Finding {
  /** `wrong`: the record contradicts itself or its journal. `suspicious`: possible, but look at it. `noted`: as asked for. */
  kind: 'wrong' | 'suspicious' | 'noted';
  sentence: string;
}

/** What is wrong with a record; nothing: it holds. `committed`: it came with the package, so it must be the claim's own. */
export function findings(claim: TrainingClaim, record: Evidence, committed = false): Finding[] {
  const found: Finding[] = [];
  const wrong = (condition: boolean, sentence: string) => {
    if (condition) found.push({ kind: 'wrong', sentence });
  };
  const { config, test, validation, steps, best_step } = record;
  const plan = config.plan as unknown as TrainingPlan | undefined;
  wrong(configHash(config) !== record.config_hash, 'the hash of its configuration does not match');
  wrong(!(record.task in claim.tasks), `the claim has no task ${record.task}`);
  wrong(!(record.model in claim.models), `the claim has no model ${record.model}`);
  wrong(
    config.task !== record.task || config.model !== record.model,
    'task or model are not those of its configuration',
  );
  const known = record.task in claim.tasks && record.model in claim.models;
  const other = known ? departures(claim, record) : [];
  if (other.length) {
    const sentence = `not the configuration of the claim: ${other.slice(0, 3).join(', ')}`;
    found.push({ kind: committed ? 'wrong' : 'noted', sentence });
  }
  wrong(committed && record.git.dirty !== false, 'it was made with changes that no commit holds');
  wrong(plan?.seed !== record.seed, 'its seed is not that of its configuration');
  const perfect = plan?.untilPerfect === true && validation.value === 1 && best_step === steps;
  const early = (plan?.patience !== undefined || perfect) && steps < (plan?.steps ?? 0);
  wrong(
    plan?.steps !== steps && !early,
    `it was trained for ${steps} steps, not the ${plan?.steps} of its configuration`,
  );
  wrong(best_step > steps || best_step < 1, `its best step ${best_step} lies outside of the run`);
  const data = config.data as { checksum?: string; kind?: string } | undefined;
  wrong(
    data?.checksum !== record.data.checksum || data?.kind !== record.data.kind,
    'its data is not that of its configuration',
  );
  wrong(plan?.metric !== record.metric, 'its metric is not that of its configuration');
  for (const [name, measured] of Object.entries({ test, validation }))
    for (const sentence of impossible(record.metric, measured)) wrong(true, `its ${name} ${sentence}`);
  const right = test.value * test.count;
  if (record.metric === 'accuracy')
    wrong(Math.abs(right - Math.round(right)) > 1e-6, `${test.value} is not a share of ${test.count} predictions`);
  for (const { task, rate, data, ...measured } of record.further ?? []) {
    wrong(!(task in claim.tasks), `the claim has no task ${task}`);
    for (const sentence of impossible(record.metric, measured)) wrong(true, `its test on ${task} ${sentence}`);
    const planned = (config.further ?? []) as { task: string; rate: number; checksum: string }[];
    const same = planned.some((f) => f.task === task && f.rate === rate && f.checksum === data.checksum);
    wrong(!same, `its test on ${task} is not one of its configuration`);
  }
  wrong(!(record.seconds > 0 && record.tokens > 0), 'it took no time or saw no data');
  if (plan) wrong(record.examples !== steps * plan.batch, `it saw ${record.examples} examples, not steps times batch`);
  found.push(...againstJournal(record));
  const published = record.task in claim.tasks ? publishedFor(claim, record.task, record.model) : null;
  const tooGood = TOO_GOOD * claim.tolerance;
  const sign = higherIsBetter(record.metric) ? 1 : -1;
  const value = inUnit(record.metric, test.value);
  if (published?.value && sign * (value - published.value) > tooGood)
    found.push({
      kind: 'suspicious',
      sentence: `${showNumber(record.metric, value)} is more than ${tooGood} better than the published ${published.value}`,
    });
  if (record.metric === 'accuracy' && test.loss < 0.5 * Math.max(1e-9, -Math.log(Math.max(test.value, 1e-9))))
    found.push({
      kind: 'suspicious',
      sentence: `a loss of ${test.loss} is too small for an accuracy of ${test.value}`,
    });
  return found;
}

/** What no run can come to. */
function impossible(metric: Metric, { value, loss }: { value: number; loss: number }): string[] {
  if (!(loss >= 0)) return ['loss is impossible'];
  const near = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.abs(b);
  const agrees = {
    accuracy: value >= 0 && value <= 1,
    perplexity: near(value, Math.exp(loss)),
    MAE: near(value, loss),
    MSE: near(value, loss),
  };
  return agrees[metric] ? [] : [`${metric} ${value} is impossible with a loss of ${loss}`];
}

function againstJournal(record: Evidence): Finding[] {
  const file = join(folderOf(record), 'journal.jsonl');
  if (!existsSync(file)) return [];
  const lines = new Journal(file).read();
  const tests = lines.filter((line) => line.event === 'evaluation' && line.split === 'test');
  const agree = tests.some(
    (line) => line.event === 'evaluation' && line.loss === record.test.loss && line.value === record.test.value,
  );
  const found: Finding[] = [];
  if (!agree) found.push({ kind: 'wrong', sentence: 'the journal of its run holds another test result' });
  const steps = lines.filter((line) => line.event === 'step').map((line) => line.step);
  if (steps.some((step, i) => step !== i + 1) || steps.length !== record.steps)
    found.push({ kind: 'wrong', sentence: 'the journal of its run does not hold every step once' });
  return found;
}
