/**
 * One-against-all ridge regression in closed form: W = (X^T X + lambda I)^-1 X^T Y on centred features X (n, d) and
 * centred indicators Y (n, classes) of the classes; the class is the largest of x W + mean of Y. With fewer samples than
 * features it is computed as X^T (X X^T + lambda I)^-1 Y, which is the same. Lambda is the one with the best accuracy on
 * the validation split (the larger of equals); the validation samples themselves are not fitted.
 */
import { factor, solve } from './cholesky.ts';
import { type Features, inPieces } from './features.ts';
import { Products } from './products.ts';

/** Half decades. */
export const ridgeLambdas = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000] as const;

export interface RidgeOptions {
  classes: number;
  /** Candidates for lambda. Default `ridgeLambdas`, for features of about [0, 1]. */
  lambdas?: readonly number[];
  signal?: AbortSignal;
  progress?(done: number, total: number): void;
}
export interface RidgeResult {
  lambda: number;
  validation: number;
  test: number;
  /** Accuracies on validation and test of every candidate. */
  candidates: { lambda: number; validation: number; test: number }[];
}

const PIECE = 2048;

export async function ridge(
  train: Features,
  validation: Features,
  test: Features,
  options: RidgeOptions,
): Promise<RidgeResult> {
  const { classes, lambdas = ridgeLambdas, signal, progress } = options;
  const products = await Products.open();
  try {
    const mean = await meanOf(train, signal);
    const shares = indicatorMeans(train, classes);
    const dual = train.n < train.d;
    const n = dual ? train.n : train.d;
    const { gram, right } = await (dual ? dualSystem : primalSystem)(train, mean, shares, products, signal);
    const candidates: RidgeResult['candidates'] = [];
    for (const lambda of lambdas) {
      signal?.throwIfAborted();
      const solution = solve(gram, n, lambda, await factor(gram, n, lambda, products), right, classes);
      const weights = dual ? await combined(train, mean, solution, classes, products) : Float32Array.from(solution);
      const model = { mean, shares, weights, classes };
      candidates.push({
        lambda,
        validation: await accuracy(validation, model, products, signal),
        test: await accuracy(test, model, products, signal),
      });
      progress?.(candidates.length, lambdas.length);
    }
    const best = candidates.reduce((a, b) => (b.validation >= a.validation ? b : a));
    return { ...best, candidates };
  } finally {
    await products.close();
  }
}

interface System {
  /** (n, n). */
  gram: Float64Array;
  /** (n, classes). */
  right: Float64Array;
}

async function primalSystem(
  train: Features,
  mean: Float64Array,
  shares: number[],
  products: Products,
  signal?: AbortSignal,
): Promise<System> {
  const { d } = train;
  const C = shares.length;
  const gram = new Float64Array(d * d);
  const right = new Float64Array(d * C);
  await inPieces(
    train,
    PIECE,
    async (rows, start, count) => {
      centre(rows, mean);
      add(gram, await products.transposedTimes(rows, rows, count));
      add(right, await products.transposedTimes(rows, indicators(train, start, count, shares), count));
    },
    signal,
  );
  return { gram, right };
}

async function dualSystem(
  train: Features,
  mean: Float64Array,
  shares: number[],
  products: Products,
  signal?: AbortSignal,
): Promise<System> {
  const { n, d } = train;
  const rows = train.rows(0, n);
  signal?.throwIfAborted();
  centre(rows, mean);
  const gram = Float64Array.from(await products.timesTransposed(rows, rows, d));
  return { gram, right: Float64Array.from(indicators(train, 0, n, shares)) };
}

/** X^T alpha. */
async function combined(
  train: Features,
  mean: Float64Array,
  alpha: Float64Array,
  classes: number,
  products: Products,
): Promise<Float32Array> {
  const weights = new Float64Array(train.d * classes);
  await inPieces(train, PIECE, async (rows, start, count) => {
    centre(rows, mean);
    const part = Float32Array.from(alpha.subarray(start * classes, (start + count) * classes));
    add(weights, await products.transposedTimes(rows, part, count));
  });
  return Float32Array.from(weights);
}

interface Model {
  mean: Float64Array;
  shares: number[];
  /** (d, classes). */
  weights: Float32Array;
  classes: number;
}

async function accuracy(features: Features, model: Model, products: Products, signal?: AbortSignal): Promise<number> {
  const { mean, shares, weights, classes } = model;
  const transposed = new Float32Array(weights.length);
  for (let k = 0; k < features.d; k++)
    for (let c = 0; c < classes; c++) transposed[c * features.d + k] = weights[k * classes + c];
  let right = 0;
  await inPieces(
    features,
    PIECE,
    async (rows, start, count) => {
      centre(rows, mean);
      const scores = await products.timesTransposed(rows, transposed, features.d);
      for (let i = 0; i < count; i++) {
        let best = 0;
        for (let c = 1; c < classes; c++)
          if (scores[i * classes + c] + shares[c] > scores[i * classes + best] + shares[best]) best = c;
        if (best === features.labels[start + i]) right++;
      }
    },
    signal,
  );
  return right / features.n;
}

async function meanOf(features: Features, signal?: AbortSignal): Promise<Float64Array> {
  const { n, d } = features;
  const mean = new Float64Array(d);
  await inPieces(
    features,
    PIECE,
    async (rows, _, count) => {
      for (let i = 0; i < count; i++) for (let k = 0; k < d; k++) mean[k] += rows[i * d + k];
    },
    signal,
  );
  return mean.map((sum) => sum / n);
}

function centre(rows: Float32Array, mean: Float64Array): void {
  const d = mean.length;
  for (let i = 0; i < rows.length; i += d) for (let k = 0; k < d; k++) rows[i + k] -= mean[k];
}

const add = (sum: Float64Array, part: Float32Array): void => {
  for (let i = 0; i < sum.length; i++) sum[i] += part[i];
};

function indicatorMeans({ n, labels }: Features, classes: number): number[] {
  const counts: number[] = new Array(classes).fill(0);
  for (let i = 0; i < n; i++) counts[labels[i]]++;
  return counts.map((count) => count / n);
}

/** (count, classes), centred. */
function indicators({ labels }: Features, start: number, count: number, shares: number[]): Float32Array {
  const C = shares.length;
  return Float32Array.from(
    { length: count * C },
    (_, i) => (labels[start + Math.floor(i / C)] === i % C ? 1 : 0) - shares[i % C],
  );
}
