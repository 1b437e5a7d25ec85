/**
 * The order in which training samples are taken: every epoch a permutation of its own, drawn from the stream
 * `shuffle/<epoch>`, cut into batches; an incomplete last batch is left out. The order is a pure function of the
 * seed, so a resumed run needs to know only where it was: the cursor.
 */
import { Stream } from '../../kernels/tensor/random.ts';
import type { BatchRequest } from './loader.ts';

/** How much of the order was used: whole epochs, and batches of the one that goes on. */
export interface Cursor {
  epoch: number;
  batch: number;
}

export class SampleOrder {
  #epoch = -1;
  #permutation: Int32Array = new Int32Array(0);

  constructor(
    readonly seed: number,
    readonly size: number,
    readonly batchSize: number,
  ) {
    if (batchSize > size) throw new RangeError(`a batch of ${batchSize} is larger than the ${size} training samples`);
  }

  get batchesPerEpoch(): number {
    return Math.floor(this.size / this.batchSize);
  }

  /** Where the batch after a cursor's is. */
  after({ epoch, batch }: Cursor): Cursor {
    return this.normal({ epoch, batch: batch + 1 });
  }

  /** The end of an epoch is the beginning of the next one. */
  normal({ epoch, batch }: Cursor): Cursor {
    return batch >= this.batchesPerEpoch ? { epoch: epoch + 1, batch: 0 } : { epoch, batch };
  }

  /** The sample numbers of the batch at a cursor. */
  at({ epoch, batch }: Cursor): Int32Array {
    if (this.#epoch !== epoch) {
      this.#permutation = new Stream(this.seed, `shuffle/${epoch}`).permutation(this.size);
      this.#epoch = epoch;
    }
    const from = batch * this.batchSize;
    return this.#permutation.subarray(from, from + this.batchSize);
  }

  /** Every batch from a cursor on, without end, each in `parts` equal parts. */
  *from(cursor: Cursor, parts = 1): Generator<BatchRequest, never, void> {
    const part = this.batchSize / parts;
    for (let at = cursor; ; at = this.after(at)) {
      const indices = this.at(at);
      for (let i = 0; i < parts; i++)
        yield { split: 'train', indices: indices.slice(i * part, (i + 1) * part), epoch: at.epoch };
    }
  }
}

/** Every sample of a split once, in order; the last batch may be smaller. */
export function* inOrder(split: BatchRequest['split'], size: number, batch: number): Generator<BatchRequest> {
  for (let from = 0; from < size; from += batch) {
    const indices = Int32Array.from({ length: Math.min(batch, size - from) }, (_, i) => from + i);
    yield { split, indices, epoch: 0 };
  }
}
