/** A dataset for the tests of the loader: sample i is the number i, repeated. */
import { type Dataset, MissingFileError } from '../data/dataset.ts';

export interface Settings {
  checksum: string;
  /** The first sample that cannot be read. */
  broken?: number;
  /** The sample at which the thread ends without a word. */
  ends?: number;
}

export async function open({ checksum, broken = 1000, ends }: Settings): Promise<Dataset> {
  const table = Float32Array.from({ length: 400 }, (_, i) => i >> 2);
  return {
    task: 'classification',
    id: 'numbers',
    kind: 'generated-equivalent',
    description: 'numbers',
    length: 4,
    sizes: { train: 100, validation: 10, test: 10 },
    checksum,
    reopen: { module: import.meta.url, name: 'open', settings: { checksum: 'of the numbers', broken, ends } },
    input: { kind: 'real', dims: 1 },
    classes: 100,
    labelCounts: () => [],
    batch(_split, indices, epoch = 0) {
      const B = indices.length;
      if (ends !== undefined && Array.from(indices).includes(ends)) process.exit(1);
      const bad = Array.from(indices).find((i) => i >= broken);
      if (bad !== undefined) throw new MissingFileError(`sample ${bad} is not there`);
      // One sample shows a part of the table itself: it must not be handed over.
      const x = B === 1 ? table.subarray(4 * indices[0], 4 * indices[0] + 4) : new Float32Array(4 * B);
      if (B > 1) for (let i = 0; i < 4 * B; i++) x[i] = table[4 * indices[i >> 2]];
      return { x, lengths: null, targets: Int32Array.from(indices, (i) => i + 100 * epoch), B, rows: B, L: 4 };
    },
  };
}
