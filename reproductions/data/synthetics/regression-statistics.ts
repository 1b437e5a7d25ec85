/** In-context regression: every value recomputed, moments of the normals, and what simple methods get. */
import { type Comparison, compareMeans, compareNone, EXACT, moments } from '../comparison.ts';
import { type FunctionHostBatch, splitNames } from '../dataset.ts';
import type { Baseline, Verified } from '../definition.ts';
import type { IclRegression } from './icl-regression.ts';

/** Values are float32: a product of two, rounded, is right to 2^-24 of itself, a quotient of two such to 2^-22. */
const ROUNDING = 2 ** -21;

/** By dimension the pair with the largest |x| tells w best. */
export function solveRegression({ x, L }: FunctionHostBatch, dims: number, row = 0): Float64Array {
  const at = (step: number, d: number) => x[(row * L + step) * dims + d];
  return Float64Array.from({ length: dims }, (_, d) => {
    let best = 0;
    for (let step = 2; step + 1 < L; step += 2) if (Math.abs(at(step, d)) > Math.abs(at(best, d))) best = step;
    return (at(best + 1, d) / at(best, d)) * at(L - 1, d);
  });
}

/** Means of powers of many values. */
class Powers {
  #n = 0;
  readonly #sums = { 1: 0, 2: 0, 4: 0, 8: 0 };

  add(value: number): void {
    const square = value * value;
    const fourth = square * square;
    this.#n++;
    this.#sums[1] += value;
    this.#sums[2] += square;
    this.#sums[4] += fourth;
    this.#sums[8] += fourth * fourth;
  }

  mean(power: 1 | 2 | 4): { mean: number; sd: number; n: number } {
    const n = this.#n;
    const mean = this.#sums[power] / n;
    return { mean, sd: Math.sqrt(this.#sums[(2 * power) as 2 | 4 | 8] / n - mean * mean), n };
  }
}

/** Every example of every split, one at a time: all x, and one w of each example and dimension. */
export function verifyRegression(data: IclRegression, signal?: AbortSignal): Verified {
  const { dims } = data;
  const normals = new Powers();
  const weights = new Powers();
  const energies: number[] = [];
  let wrong = 0;
  for (const split of splitNames)
    for (let i = 0; i < data.sizes[split]; i++) {
      if (i % 1000 === 0) signal?.throwIfAborted();
      const batch = data.batch(split, [i]);
      const solved = solveRegression(batch, dims);
      if (solved.some((value, d) => Math.abs(value - batch.y[d]) > ROUNDING * Math.abs(value))) wrong++;
      energies.push(batch.y.reduce((sum, v) => sum + v * v, 0) / dims);
      for (let step = 0; step < batch.L; step += 2)
        for (let d = 0; d < dims; d++) normals.add(batch.x[step * dims + d]);
      for (let d = 0; d < dims; d++) weights.add(batch.x[dims + d] / batch.x[d]);
    }
  // Standard normal: E x = 0, E x^2 = 1, E x^4 = 3, with variances 1, 2 and 96.
  const normal = (what: string, values: Powers): Comparison[] => [
    compareMeans(`${what}, mean`, values.mean(1), { mean: 0, sd: 1, n: EXACT }),
    compareMeans(`${what}, mean of squares`, values.mean(2), { mean: 1, sd: Math.SQRT2, n: EXACT }),
    compareMeans(`${what}, mean of fourth powers`, values.mean(4), { mean: 3, sd: Math.sqrt(96), n: EXACT }),
  ];
  const energy = moments(energies);
  return {
    what: data.description,
    rows: [
      compareNone('values that do not follow from the pairs', wrong),
      ...normal('x', normals),
      ...normal('w', weights),
      compareMeans('error of predicting zero', energy, { mean: 1, sd: energy.sd, n: EXACT }),
    ],
    complaints: [],
  };
}

/** Mean of |y' - y|^2 / dims over the test split. */
export function regressionBaselines(data: IclRegression): Baseline[] {
  const { dims } = data;
  const methods: [string, number | undefined, (batch: FunctionHostBatch) => ArrayLike<number>][] = [
    ['zero', 1, () => new Float64Array(dims)],
    // w (x_n - x_{n-1}): E w^2 E (x - x')^2 = 2.
    ['the last value again', 2, ({ x, L }) => x.subarray((L - 2) * dims, (L - 1) * dims)],
    ['the function, solved', 0, (batch) => solveRegression(batch, dims)],
  ];
  const errors = methods.map(() => 0);
  for (let i = 0; i < data.sizes.test; i++) {
    const batch = data.batch('test', [i]);
    methods.forEach(([, , predict], m) => {
      const value = predict(batch);
      for (let d = 0; d < dims; d++) errors[m] += (value[d] - batch.y[d]) ** 2 / dims / data.sizes.test;
    });
  }
  return methods.map(([method, reference, _], m) => ({
    ...{ method, metric: 'loss', value: errors[m] },
    ...(reference === undefined ? {} : { reference }),
  }));
}
