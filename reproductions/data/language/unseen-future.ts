/**
 * Windows of a text in which nothing after one step is true: what a model then says of the next token it cannot have read.
 *
 *   sample n    window w = floor(n / m); a step p of it, drawn; x[0 .. p] as it is, x[p + 1 ..] those of another window;
 *               one target, that of p
 *
 * A causal model's perplexity here is that of the same steps of the whole text. A model that is shown what it is to
 * predict has another one, and this is the one that it would have when it writes.
 */
import { createHash } from 'node:crypto';
import { IGNORED, requireIndices, type SplitName, type TokenDataset, type TokenHostBatch } from '../dataset.ts';
import { Draws } from '../draws.ts';

/** `perWindow`: how many steps of every test window are asked for, each in a sample of its own. Test split only. */
export function unseenFuture(data: TokenDataset, perWindow: number): TokenDataset {
  const windows = data.sizes.test;
  if (windows < 2)
    throw new RangeError(`${data.id}: two test windows are needed, the one ends in the words of the other`);
  const total = windows * perWindow;
  const draws = new Draws(0, 'unseen future');
  const settings = JSON.stringify(['unseen-future-1', data.checksum, perWindow]);
  return {
    task: 'tokens',
    id: `${data.id}-unseen-future`,
    kind: data.kind,
    description: `${data.description}; ${perWindow} steps of every test window, each with another window's words after it`,
    length: data.length,
    sizes: { train: 0, validation: 0, test: total },
    checksum: createHash('sha256').update(settings).digest('hex'),
    vocabulary: data.vocabulary,
    batch(split: SplitName, indices: ArrayLike<number>): TokenHostBatch {
      if (split !== 'test') throw new RangeError(`${data.id}-unseen-future has a test split alone, not ${split}`);
      requireIndices(this.id, split, total, indices);
      const rows = Array.from(indices, (n) => {
        draws.start(n);
        const own = Math.floor(n / perWindow);
        const other = (own + 1 + draws.integer(windows - 1)) % windows;
        return { own, other, at: draws.unit() };
      });
      const {
        x: true_,
        targets: all,
        L,
      } = data.batch(
        'test',
        rows.map(({ own }) => own),
      );
      const { x: false_ } = data.batch(
        'test',
        rows.map(({ other }) => other),
      );
      const x = Int32Array.from(true_);
      const targets = new Int32Array(all.length).fill(IGNORED);
      for (const [row, { at }] of rows.entries()) {
        const asked = Array.from({ length: L }, (_, t) => t).filter((t) => all[row * L + t] !== IGNORED);
        const p = row * L + asked[Math.floor(at * asked.length)];
        targets[p] = all[p];
        x.set(false_.subarray(p + 1, (row + 1) * L), p + 1);
      }
      return { x, targets, B: rows.length, L };
    },
  };
}
