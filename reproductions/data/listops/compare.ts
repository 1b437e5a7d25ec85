/**
 * ListOps expressions, generated or read from files, against the definition (every label evaluated again), against
 * 20,000 samples of the published generator, and against what its recipe gives exactly (`fixtures/listops-exact.py`):
 * 20,000 samples would leave a shift of two percent unseen.
 */
import { type Comparison, compareMeans, compareNone, compareShares, EXACT } from '../comparison.ts';
import exact from '../fixtures/listops-exact.json' with { type: 'json' };
import statistics from '../fixtures/listops-statistics.json' with { type: 'json' };
import { kolmogorov } from '../statistics.ts';
import { Tally } from './tally.ts';
import { evaluate, lraBounds, OPERATOR, vocabulary } from './tree.ts';

export interface Sample {
  tokens: ArrayLike<number>;
  label: number;
  /** Where it stands, for complaints: `file, row 7`. */
  where: string;
}

/** Distributions are only judged from so many samples on. */
export const FEWEST = 500;
/** Standard errors from a mean that is known exactly: two-sided p 0.001, as the shares'. */
const CERTAIN = 3.3;
/** Named one by one; the count has all. */
const NAMED = 5;

export async function compareListOps(
  samples: Iterable<Sample> | AsyncIterable<Sample>,
): Promise<{ rows: Comparison[]; complaints: string[] }> {
  const tally = new Tally();
  const complaints: string[] = [];
  const wrong = { label: 0, form: 0, length: 0 };
  const complain = (kind: keyof typeof wrong, sentence: string) => {
    if (++wrong[kind] <= NAMED) complaints.push(sentence);
  };
  for await (const { tokens, label, where } of samples) {
    try {
      const value = evaluate(tokens);
      if (value !== label)
        complain('label', `${where}: the expression has the value ${value}, its label says ${label}`);
    } catch (error) {
      complain('form', `${where}: ${(error as Error).message}`);
      continue;
    }
    if (!(tokens.length > lraBounds.minLength && tokens.length < lraBounds.maxLength))
      complain(
        'length',
        `${where}: ${tokens.length} tokens, not between ${lraBounds.minLength} and ${lraBounds.maxLength}`,
      );
    tally.add(tokens, label);
  }
  const rows = [
    compareNone('expressions that are not well formed', wrong.form),
    compareNone('labels that are not the value', wrong.label),
    compareNone('lengths outside of 501 to 1999', wrong.length),
    ...distributions(tally),
  ];
  return { rows, complaints };
}

function distributions(tally: Tally): Comparison[] {
  const n = tally.samples;
  const size = statistics.samples;
  const histogram = Object.values(statistics.length.histogram);
  const even = (values: number) => new Array(values).fill(1 / values);
  const all: Comparison[] = [
    compareMeans('length, mean', tally.lengths, { ...statistics.length, n: size }),
    {
      ...{ quantity: 'length, distribution', here: `${n} samples`, reference: `${size} samples` },
      distance: n ? kolmogorov(tally.histogram(histogram.length), histogram) : null,
      // 0.030 for 5,000 samples.
      limit: 1.9 * Math.sqrt(1 / n + 1 / size),
      measure: 'Kolmogorov distance',
    },
    compareMeans('length, mean, exactly', tally.lengths, { ...exact.length, n: EXACT }, CERTAIN),
    compareShares('lengths in steps, exactly', tally.lengthsIn(exact.length.bins), exact.length.shares, EXACT),
    compareMeans('operators in an expression', tally.operatorsEach, { ...statistics.operators, n: size }),
    compareMeans(
      'operators in an expression, exactly',
      tally.operatorsEach,
      { mean: exact.operators, sd: 0, n: EXACT },
      CERTAIN,
    ),
    compareShares('labels 0 to 9', tally.labels, statistics.labels, size),
    compareShares('arguments of the root, 2 to 10', tally.rootArguments, statistics.rootArguments, size),
    compareShares('arguments of the root, exactly', tally.rootArguments, exact.rootArguments, EXACT),
    // Drawn evenly by definition, whichever trees are kept.
    compareShares('operator of the root', tally.rootOperators, even(4), EXACT),
    compareShares('all operators', tally.operators, even(4), EXACT),
    compareShares('all digits', tally.digits, even(10), EXACT),
    ...Object.entries(statistics.labelsByRoot).map(([name, shares]) =>
      compareShares(
        `labels under ${name}`,
        tally.labelsByRoot[vocabulary.indexOf(name as '[MIN') - OPERATOR],
        shares,
        Math.round(size / 4),
      ),
    ),
    // Those of one tree depend on each other through its length: no chi-square, but a plain tolerance.
    largestDifference('arguments of all operators, 2 to 10', tally.args, statistics.arguments, 0.003),
    // 0.002 for 5,000 samples: four times what samples of the recipe are off.
    largestDifference(
      'operators by depth, 1 to 9',
      tally.byDepth,
      exact.operatorsByDepth,
      0.14 / Math.sqrt(Math.max(1, n)),
    ),
    {
      ...{ quantity: 'expressions whose operators end above depth 9', here: tally.shallow / Math.max(1, n) },
      ...{ reference: 0, distance: tally.shallow / Math.max(1, n), limit: 0.001, measure: 'share' },
    },
  ];
  return n < FEWEST ? all.map((c) => ({ ...c, limit: null, measure: `needs ${FEWEST} samples` })) : all;
}

function largestDifference(
  quantity: string,
  counts: readonly number[],
  shares: readonly number[],
  limit: number,
): Comparison {
  const total = Math.max(
    1,
    counts.reduce((a, b) => a + b, 0),
  );
  const off = Math.max(...counts.map((count, i) => Math.abs(count / total - shares[i])));
  return {
    ...{ quantity: `${quantity}: largest difference`, here: off, reference: 0 },
    ...{ distance: off, limit, measure: 'share' },
  };
}
