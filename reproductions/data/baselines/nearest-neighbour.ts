/**
 * The class of the nearest training sample in Euclidean distance, |x - y|^2 = |x|^2 - 2 x y + |y|^2; of equal distances
 * the first. Distances are float32 products of features less their mean.
 */
import { type Features, inPieces } from './features.ts';
import { Products } from './products.ts';

const TESTED = 512;
const KNOWN = 4096;

/** Accuracy on `test` of the samples of `train`. */
export async function nearestNeighbour(
  train: Features,
  test: Features,
  { signal, progress }: { signal?: AbortSignal; progress?(done: number, total: number): void } = {},
): Promise<number> {
  const products = await Products.open();
  try {
    const { d } = train;
    const distance = new Float64Array(test.n).fill(Number.POSITIVE_INFINITY);
    const found = new Int32Array(test.n).fill(-1);
    const mean = new Float64Array(d);
    await inPieces(train, KNOWN, async (rows) => {
      for (let i = 0; i < rows.length; i++) mean[i % d] += rows[i] / train.n;
    });
    const centred = (rows: Float32Array) => rows.map((value, i) => value - mean[i % d]);
    await inPieces(
      train,
      KNOWN,
      async (raw, start, count) => {
        const known = centred(raw);
        const norms = squares(known, d);
        await inPieces(
          test,
          TESTED,
          async (rows, first, tested) => {
            const inner = await products.timesTransposed(centred(rows), known, d);
            for (let i = 0; i < tested; i++)
              for (let k = 0; k < count; k++) {
                const off = norms[k] - 2 * inner[i * count + k];
                if (off >= distance[first + i]) continue;
                distance[first + i] = off;
                found[first + i] = start + k;
              }
          },
          signal,
        );
        progress?.(start + count, train.n);
      },
      signal,
    );
    let right = 0;
    for (let i = 0; i < test.n; i++) if (train.labels[found[i]] === test.labels[i]) right++;
    return right / test.n;
  } finally {
    await products.close();
  }
}

function squares(rows: Float32Array, d: number): Float64Array {
  const sums = new Float64Array(rows.length / d);
  for (let i = 0; i < rows.length; i++) sums[Math.floor(i / d)] += rows[i] * rows[i];
  return sums;
}
