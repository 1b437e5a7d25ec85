/**
 * Statistics of induction heads: the (first) trigger's position is uniform when there is one, answers are uniform.
 * Beside them 20,000 examples of the published code, where they were measured.
 */
import { type Comparison, compareMeans, compareShares, EXACT, moments } from '../comparison.ts';
import measured from '../fixtures/synthetics-statistics.json' with { type: 'json' };
import type { InductionHeads } from './induction-heads.ts';

export function compareInduction(
  { arrow, settings, vocabulary }: InductionHeads,
  examples: readonly Uint8Array[],
  length: number,
): Comparison[] {
  const { copied, triggers } = settings;
  const { ordinary } = vocabulary;
  const places = length - 1 - copied;
  const single = examples.filter((e) => e.indexOf(arrow) === e.lastIndexOf(arrow, length - 1));
  const firsts = single.map((e) => e.indexOf(arrow));
  const answers = new Array(ordinary.length).fill(0);
  for (const e of examples) answers[ordinary.indexOf(e[length + 1])]++;
  const even = (n: number) => new Array(n).fill(1 / n);
  const rows: Comparison[] = [compareShares('first token of the answer', answers, even(ordinary.length), EXACT)];
  if (triggers === 1) {
    const spread = Math.sqrt((places ** 2 - 1) / 12);
    rows.push(
      compareMeans('position of the trigger', moments(firsts), { mean: (places - 1) / 2, sd: spread, n: EXACT }),
    );
    if (examples.length >= 10 * places) {
      const counts = new Array(places).fill(0);
      for (const at of firsts) counts[at]++;
      rows.push(compareShares('positions of the trigger', counts, even(places), EXACT));
    }
  } else {
    const share = moments(examples.map((e) => (e.indexOf(arrow) === e.lastIndexOf(arrow, length - 1) ? 1 : 0)));
    rows.push({
      ...{ quantity: 'examples with one trigger', here: share.mean, reference: 'at least 0.5' },
      ...{
        distance: Math.max(0, (0.5 - share.mean) / (0.5 / Math.sqrt(share.n))),
        limit: 5,
        measure: 'standard errors',
      },
    });
  }
  if (settings.vocabulary !== 20 || length !== 30 || copied !== 1 || triggers !== 1) return rows;
  const { n, trigger_pos_hist, answer_hist } = measured.induction_vs20_len30;
  const positions = Object.values(trigger_pos_hist);
  const counts = positions.map((_, at) => firsts.filter((first) => first === at).length);
  const shares = ordinary.map((id) => answer_hist[vocabulary.tokens[id] as keyof typeof answer_hist]);
  return [
    ...rows,
    compareShares('positions of the trigger, measured', counts, positions, n),
    compareShares('answers, measured', answers, shares, n),
  ];
}
