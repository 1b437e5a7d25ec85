/**
 * Sine waves over a square of pixels. Phases are whole numbers of 1/65536 turn and sines come from a table rounded to
 * float32, so that the fields are the same to the bit in every JavaScript engine.
 */

export const SIDE = 32;
export const TURN = 65536;

const table = Float32Array.from({ length: TURN }, (_, i) => Math.sin((2 * Math.PI * i) / TURN));

/** Sine of a whole number of 1/65536 turns. */
export const sine = (phase: number): number => table[phase & (TURN - 1)];
export const cosine = (phase: number): number => table[(phase + TURN / 4) & (TURN - 1)];

/** A plane wave: `cycles` over the side of the image in the direction `angle` (in 1/65536 turns), from `phase` on. */
export class Wave {
  readonly #across: number;
  readonly #down: number;

  constructor(
    angle: number,
    cycles: number,
    readonly phase: number,
  ) {
    this.#across = Math.round((cosine(angle) * cycles * TURN) / SIDE);
    this.#down = Math.round((sine(angle) * cycles * TURN) / SIDE);
  }

  at(x: number, y: number): number {
    return sine(this.#across * x + this.#down * y + this.phase);
  }

  /** Adds `amplitude` times the wave to `field` (SIDE, SIDE). */
  addTo(field: Float64Array, amplitude: number): void {
    for (let y = 0; y < SIDE; y++)
      for (let x = 0, phase = this.#down * y + this.phase; x < SIDE; x++, phase += this.#across)
        field[y * SIDE + x] += amplitude * sine(phase);
  }
}
