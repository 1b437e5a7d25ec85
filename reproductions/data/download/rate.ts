/** How fast bytes arrive, over the last ten seconds, and when the rest will be here. */
import { showBytes } from '../../../results/tables.ts';
import { showDuration } from '../../../results/terminal/output.ts';

const WINDOW = 10_000;

export class Rate {
  #samples: { time: number; bytes: number }[] = [];

  constructor(readonly now: () => number = () => performance.now()) {}

  add(bytes: number): void {
    const time = this.now();
    // A restart or a resumed part begins a new measurement.
    if (this.#samples.length && bytes < this.#samples[this.#samples.length - 1].bytes) this.#samples = [];
    this.#samples.push({ time, bytes });
    while (this.#samples.length > 2 && time - this.#samples[0].time > WINDOW) this.#samples.shift();
  }

  /** Bytes per second; null before there is anything to tell. */
  get perSecond(): number | null {
    const [first] = this.#samples;
    const last = this.#samples[this.#samples.length - 1];
    return first && last.time > first.time ? ((last.bytes - first.bytes) * 1000) / (last.time - first.time) : null;
  }

  describe(bytes: number, total: number | null): string {
    const speed = this.perSecond;
    const share = total ? `${Math.floor((100 * bytes) / total)} %, ` : '';
    const of = total ? ` of ${showBytes(total)}` : '';
    const rate = speed === null ? '' : `, ${showBytes(speed)}/s`;
    const left = total && speed ? `, ${showDuration((total - bytes) / speed)} left` : '';
    return `${share}${showBytes(bytes)}${of}${rate}${left}`;
  }
}
