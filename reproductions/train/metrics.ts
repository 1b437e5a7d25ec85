/** Sums that become mean loss and accuracy. */
import type { HostArray } from '../../kernels/device/device.ts';

export class Metrics {
  #loss = 0;
  #right = 0;
  examples = 0;

  /** Adds a batch: its mean cross entropy, its logits (B, classes) and targets. */
  add(loss: number, logits: HostArray, targets: Int32Array): void {
    const B = targets.length;
    const classes = logits.length / B;
    for (let b = 0; b < B; b++) {
      let best = 0;
      for (let c = 1; c < classes; c++) if (logits[b * classes + c] > logits[b * classes + best]) best = c;
      if (best === targets[b]) this.#right++;
    }
    this.#loss += loss * B;
    this.examples += B;
  }

  get loss(): number {
    return this.#loss / this.examples;
  }
  /** Share of right answers, 0..1. */
  get accuracy(): number {
    return this.#right / this.examples;
  }
}
