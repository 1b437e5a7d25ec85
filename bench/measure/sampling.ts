/**
 * Interleaved sampling. Every round measures every contestant once (A B C, A B C, ...), so that what disturbs the
 * machine for a while disturbs all of them. tinybench runs each contestant's samples of a round; times are the
 * device's own (`Device.time`), and samples are kept here in run order, which shows drift.
 */
import { Bench } from 'tinybench';

export interface Contestant {
  id: string;
  /** Does the work once; milliseconds by the device's clock. */
  sample(): Promise<number>;
}

export interface Plan {
  rounds: number;
  /** Samples of one contestant in one round: at least `samples`, and for at least `roundMs`. */
  samples: number;
  roundMs: number;
  /** Before the first round: at least `warmups` samples, and for at least `warmupMs`. */
  warmups: number;
  warmupMs: number;
  /** No further round is begun after this long, once `leastRounds` are done. */
  budgetMs: number;
  leastRounds: number;
}

export interface Sampled {
  id: string;
  /** Milliseconds, per round, in run order. A round that was stopped may be short or empty. */
  rounds: number[][];
}

export interface RoundReport {
  round: number;
  rounds: number;
  contestant: string;
}

/** Runs the plan until it is done, its budget is used up or `signal` aborts. What a contestant throws is thrown. */
export async function sampleInterleaved(
  contestants: readonly Contestant[],
  plan: Plan,
  signal: AbortSignal,
  report: (r: RoundReport) => void = () => {},
): Promise<Sampled[]> {
  const all: Sampled[] = contestants.map(({ id }) => ({ id, rounds: [] }));
  for (const [i, c] of contestants.entries()) {
    if (signal.aborted) return all;
    report({ round: 0, rounds: plan.rounds, contestant: contestants[i].id });
    await phase(c, plan.warmups, plan.warmupMs, signal);
  }
  const start = performance.now();
  for (let round = 1; round <= plan.rounds; round++) {
    for (const [i, c] of contestants.entries()) {
      if (signal.aborted) return all;
      report({ round, rounds: plan.rounds, contestant: c.id });
      all[i].rounds.push(await phase(c, plan.samples, plan.roundMs, signal));
    }
    if (round >= plan.leastRounds && performance.now() - start > plan.budgetMs) break;
  }
  return all;
}

/** At least `iterations` samples over at least `time` ms, in run order. */
async function phase(c: Contestant, iterations: number, time: number, signal: AbortSignal): Promise<number[]> {
  const samples: number[] = [];
  if (iterations < 1) return samples;
  const bench = new Bench({ iterations, time, warmup: false, throws: true, signal });
  bench.add(
    c.id,
    async () => {
      const start = performance.now();
      const ms = await c.sample();
      samples.push(ms);
      return { overriddenDuration: ms, overriddenIterationCost: performance.now() - start };
    },
    { async: true },
  );
  await bench.run();
  return samples;
}
