/** How long to sample, by scale. `--rounds` fixes the number of rounds and lifts the budget. */
import type { Scale } from '../suite.ts';
import type { Plan } from './sampling.ts';

const plans: Record<Scale, Plan> = {
  quick: { rounds: 5, samples: 1, roundMs: 50, warmups: 0, warmupMs: 0, budgetMs: 20_000, leastRounds: 3 },
  full: { rounds: 10, samples: 3, roundMs: 500, warmups: 2, warmupMs: 200, budgetMs: 1_800_000, leastRounds: 5 },
};

export function planFor(scale: Scale, rounds?: number): Plan {
  const plan = plans[scale];
  return rounds === undefined ? plan : { ...plan, rounds, leastRounds: rounds, budgetMs: Number.POSITIVE_INFINITY };
}
