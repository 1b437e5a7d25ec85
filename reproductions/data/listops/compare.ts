/**
 * ListOps expressions, generated or read from files, against the definition (every label evaluated again) and against
 * 20,000 samples of the published generator.
 */
import { type Comparison, compareMeans, compareNone, compareShares, moments } from '../comparison.ts';
import statistics from '../fixtures/listops-statistics.json' with { type: 'json' };
import { kolmogorov } from '../statistics.ts';
import { CLOSE, evaluate, lraBounds, OPERATOR, vocabulary } from './tree.ts';

export interface Sample {
  tokens: ArrayLike<number>;
  label: number;
  /** Where it stands, for complaints: `file, line 7`. */
  where: string;
}

/** Distributions are only judged from so many samples on. */
export const FEWEST = 500;
/** Named one by one; the count has all. */
const NAMED = 5;

export function compareListOps(samples: Iterable<Sample>): { rows: Comparison[]; complaints: string[] } {
  const lengths: number[] = [];
  const operators: number[] = [];
  const labels = new Array(10).fill(0);
  const rootArguments = new Array(9).fill(0);
  const rootOperators = new Array(4).fill(0);
  const byRoot = Array.from({ length: 4 }, () => new Array(10).fill(0));
  const byDepth = new Array(9).fill(0);
  const complaints: string[] = [];
  const wrong = { label: 0, form: 0, length: 0 };
  const complain = (kind: keyof typeof wrong, sentence: string) => {
    if (++wrong[kind] <= NAMED) complaints.push(sentence);
  };
  for (const { tokens, label, where } of samples) {
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
    lengths.push(tokens.length);
    labels[label]++;
    const { root, args, count } = walk(tokens, byDepth);
    operators.push(count);
    if (root < 0) continue;
    rootOperators[root]++;
    rootArguments[args - 2]++;
    byRoot[root][label]++;
  }
  const rows = [
    compareNone('expressions that are not well formed', wrong.form),
    compareNone('labels that are not the value', wrong.label),
    compareNone('lengths outside of 501 to 1999', wrong.length),
    ...distributions(),
  ];
  return { rows, complaints };

  function distributions(): Comparison[] {
    const n = lengths.length;
    const size = statistics.samples;
    const histogram = Object.values(statistics.length.histogram);
    const bins = new Array(histogram.length).fill(0);
    for (const length of lengths) {
      const bin = Math.floor(length / 100) - 5;
      if (bin >= 0 && bin < bins.length) bins[bin]++;
    }
    const share = byDepth.map(
      (c) =>
        c /
        Math.max(
          1,
          byDepth.reduce((a, b) => a + b, 0),
        ),
    );
    const off = Math.max(...share.map((s, d) => Math.abs(s - statistics.operatorsByDepth[d])));
    const all: Comparison[] = [
      compareMeans('length, mean', moments(lengths), { ...statistics.length, n: size }),
      {
        ...{ quantity: 'length, distribution', here: `${n} samples`, reference: `${size} samples` },
        ...{ distance: n ? kolmogorov(bins, histogram) : null, limit: 1.9 * Math.sqrt(1 / n + 1 / size) },
        measure: 'Kolmogorov distance',
      },
      compareMeans('operators in an expression', moments(operators), { ...statistics.operators, n: size }),
      compareShares('labels 0 to 9', labels, statistics.labels, size),
      compareShares('arguments of the root, 2 to 10', rootArguments, statistics.rootArguments, size),
      compareShares('operator of the root', rootOperators, [0.25, 0.25, 0.25, 0.25], size),
      ...Object.entries(statistics.labelsByRoot).map(([name, shares]) =>
        compareShares(
          `labels under ${name}`,
          byRoot[vocabulary.indexOf(name as '[MIN') - OPERATOR],
          shares,
          Math.round(size / 4),
        ),
      ),
      {
        ...{ quantity: 'operators by depth, largest difference', here: off, reference: 0, distance: off, limit: 0.01 },
        measure: 'share',
      },
    ];
    return n < FEWEST ? all.map((c) => ({ ...c, limit: null, measure: `needs ${FEWEST} samples` })) : all;
  }
}

/** Operators by depth are added to `byDepth`; `root` is -1 when the expression is a single digit. */
function walk(tokens: ArrayLike<number>, byDepth: number[]): { root: number; args: number; count: number } {
  let depth = 0;
  let args = 0;
  let count = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (depth === 1 && token !== CLOSE) args++;
    if (token >= OPERATOR && token < CLOSE) {
      count++;
      if (depth < byDepth.length) byDepth[depth]++;
      depth++;
    } else if (token === CLOSE) depth--;
  }
  return { root: count ? tokens[0] - OPERATOR : -1, args, count };
}
