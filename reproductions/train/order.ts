/**
 * The order in which training samples are taken: every epoch a permutation of its own, drawn from the stream
 * `shuffle/<epoch>`, cut into batches; an incomplete last batch is left out. The order is a pure function of the
 * seed, so a resumed run needs to know only where it was.
 */
import { Stream } from '../../kernels/tensor/random.ts';

export class SampleOrder {
  #epoch = -1;
  #permutation: Int32Array = new Int32Array(0);
  epoch = 0;
  /** Batches already taken in this epoch. */
  batch = 0;

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

  next(): Int32Array {
    if (this.batch === this.batchesPerEpoch) {
      this.epoch++;
      this.batch = 0;
    }
    if (this.#epoch !== this.epoch) {
      this.#permutation = new Stream(this.seed, `shuffle/${this.epoch}`).permutation(this.size);
      this.#epoch = this.epoch;
    }
    const from = this.batch++ * this.batchSize;
    return this.#permutation.subarray(from, from + this.batchSize);
  }
}
