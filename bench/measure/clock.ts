/** Says where a run is and how long it will still take. */
import { showDuration } from '../../results/terminal/output.ts';
import type { RoundReport } from './sampling.ts';
import type { Group } from './workload.ts';

export class Clock {
  readonly #start = performance.now();
  readonly #total: number;
  readonly #count: number;
  #done = 0;
  #finished = 0;
  #began = 0;

  constructor(groups: readonly Group[]) {
    this.#total = groups.reduce((n, g) => n + g.weight, 0);
    this.#count = groups.length;
  }

  begin(_group: Group): void {
    this.#began = performance.now();
  }

  /** "ListOps, 2K (2 of 3): round 3 of 5, s4d, about 2 min left". */
  line(group: Group, r: RoundReport): string {
    const within = r.round / (r.rounds + 1);
    const step = r.round ? `round ${r.round} of ${r.rounds}` : 'warming up';
    return `${group.name} (${this.#finished + 1} of ${this.#count}): ${step}, ${r.contestant}${this.#left(this.#done + within * group.weight)}`;
  }

  /** ` in 12 s, about 2 min left`. */
  finish(group: Group): string {
    this.#done += group.weight;
    this.#finished++;
    return ` in ${showDuration((performance.now() - this.#began) / 1e3)}${this.#left(this.#done)}`;
  }

  /** Work done so far and its time give the time of the rest. */
  #left(done: number): string {
    const elapsed = (performance.now() - this.#start) / 1e3;
    const rest = this.#total - done;
    return done > 0 && rest > 0 && elapsed > 2 ? `, about ${showDuration((elapsed * rest) / done)} left` : '';
  }
}
