/**
 * The augmentation of S4's CIFAR loader: `RandomCrop(32, padding=4, padding_mode="symmetric")`, then
 * `RandomHorizontalFlip()`. Offsets uniform on 0..8 in both directions, flipped with probability 1/2; outside the
 * image lies its mirror image, edge included. PyTorch's draws depend on its workers; here they depend on the seed, the
 * sample and the epoch alone. S4's loader also augments its validation split, whose samples are a subset of the
 * augmented training set; here only training is.
 */
import { Draws } from '../draws.ts';

const PADDING = 4;

export class CropAndFlip {
  readonly #draws: Draws;

  constructor(
    seed: number,
    readonly height: number,
    readonly width: number,
  ) {
    this.#draws = new Draws(seed, 'data/crop-and-flip');
  }

  /** For each pixel of the augmented image the row-major index of the pixel that it shows. */
  sources(sample: number, epoch: number, into = new Int32Array(this.height * this.width)): Int32Array {
    const draws = this.#draws.start(sample, epoch);
    const down = draws.integer(2 * PADDING + 1) - PADDING;
    const right = draws.integer(2 * PADDING + 1) - PADDING;
    const flip = draws.integer(2) === 1;
    for (let y = 0; y < this.height; y++)
      for (let x = 0; x < this.width; x++) {
        const from = mirrored((flip ? this.width - 1 - x : x) + right, this.width);
        into[y * this.width + x] = mirrored(y + down, this.height) * this.width + from;
      }
    return into;
  }
}

const mirrored = (i: number, side: number): number => (i < 0 ? -1 - i : i >= side ? 2 * side - 1 - i : i);
