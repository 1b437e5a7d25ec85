/**
 * Statistics of associative recall. With K possible keys and P pairs the expectations are, exactly,
 * K (1 - (1 - 1/K)^P) distinct keys, P E[1/D] occurrences of the query over the D distinct keys (P / K with absent
 * queries), (1 - 1/K)^P absent queries; queries and values are uniform. Where 20,000 examples of the published code
 * were measured, the row stands beside those.
 */
import { type Comparison, compareMeans, compareShares, EXACT, moments } from '../comparison.ts';
import measured from '../fixtures/synthetics-statistics.json' with { type: 'json' };
import type { AssociativeRecall } from './associative-recall.ts';

export interface RecallFigures {
  distinctKeys: number[];
  occurrences: number[];
  /** From the query back to where its key last, and first, stood; only where it did. */
  toLast: number[];
  toFirst: number[];
  /** 1 where the answer is `.`. */
  absent: number[];
  /** By position among the values; `.` last. */
  answers: number[];
  /** By the number that the key is. */
  queries: number[];
}

export function recallFigures(language: AssociativeRecall, examples: Iterable<Uint8Array>): RecallFigures {
  const { keyTokens, valueTokens, possible, nothing } = language;
  const { keys } = language.settings;
  const figures: RecallFigures = {
    ...{ distinctKeys: [], occurrences: [], toLast: [], toFirst: [], absent: [] },
    ...{ answers: new Array(valueTokens.length + 1).fill(0), queries: new Array(possible).fill(0) },
  };
  const digit = new Map(keyTokens.map((id, i) => [id, i]));
  for (const example of examples) {
    const keyAt = (at: number) => {
      let key = 0;
      for (let t = 0; t < keys; t++) key = key * keyTokens.length + (digit.get(example[at + t]) ?? 0);
      return key;
    };
    const queryAt = example.length - 1 - keys;
    const query = keyAt(queryAt);
    const present = new Set<number>();
    let occurrences = 0;
    let first = -1;
    let last = -1;
    for (let at = 0; at < queryAt - 1; at += keys + 1) {
      const key = keyAt(at);
      present.add(key);
      if (key !== query) continue;
      occurrences++;
      if (first < 0) first = at;
      last = at;
    }
    figures.distinctKeys.push(present.size);
    figures.occurrences.push(occurrences);
    if (last >= 0) {
      figures.toLast.push(queryAt - last);
      figures.toFirst.push(queryAt - first);
    }
    const answer = example[example.length - 1];
    figures.absent.push(answer === nothing ? 1 : 0);
    figures.answers[answer === nothing ? valueTokens.length : valueTokens.indexOf(answer)]++;
    figures.queries[query]++;
  }
  return figures;
}

/** E[1 / D] for the number D of distinct ones among P uniform draws of K. */
function inverseDistinct(K: number, P: number): number {
  // share[d]: probability of d distinct ones so far.
  let share = new Float64Array(Math.min(K, P) + 2);
  share[0] = 1;
  for (let pair = 0; pair < P; pair++) {
    const next = new Float64Array(share.length);
    for (let d = 0; d + 1 < share.length; d++) {
      next[d] += (share[d] * d) / K;
      next[d + 1] += share[d] * (1 - d / K);
    }
    share = next;
    if (share[Math.min(K, P)] > 1 - 1e-15) break;
  }
  return share.reduce((sum, p, d) => (d ? sum + p / d : sum), 0);
}

/** The setting's entry among what was measured. */
function measuredAt({ settings }: AssociativeRecall, length: number) {
  const { vocabulary, keys, allowDot } = settings;
  if (keys !== 1) return null;
  if (vocabulary === 20 && length === 40)
    return allowDot ? measured.assoc_vs20_len40_allow_dot : measured.assoc_vs20_len40;
  return vocabulary === 10 && length === 20 && !allowDot ? measured.assoc_vs10_len20 : null;
}

export function compareRecall(
  language: AssociativeRecall,
  examples: readonly Uint8Array[],
  length: number,
): Comparison[] {
  const figures = recallFigures(language, examples);
  const { possible: K, valueTokens } = language;
  const { allowDot } = language.settings;
  const P = language.pairs(length);
  const absent = allowDot ? (1 - 1 / K) ** P : 0;
  // The same distribution has the same spread: the sample's own serves for both sides.
  const against = (quantity: string, values: number[], mean: number, n = EXACT): Comparison => {
    const here = moments(values);
    return compareMeans(quantity, here, { mean, sd: here.sd, n });
  };
  const rows = [
    against('distinct keys', figures.distinctKeys, K * (1 - (1 - 1 / K) ** P)),
    against('occurrences of the query', figures.occurrences, allowDot ? P / K : P * inverseDistinct(K, P)),
    against('answers that are .', figures.absent, absent),
    compareShares(
      'values of the answer',
      figures.answers.slice(0, valueTokens.length),
      valueTokens.map(() => 1 / valueTokens.length),
      EXACT,
    ),
  ];
  if (examples.length >= 10 * K)
    rows.push(compareShares('keys of the query', figures.queries, new Array(K).fill(1 / K), EXACT));
  const reference = measuredAt(language, length);
  if (!reference) return rows;
  const { n } = reference;
  return [
    ...rows,
    against('distinct keys, measured', figures.distinctKeys, reference.distinct_keys_mean, n),
    against('occurrences of the query, measured', figures.occurrences, reference.query_occurrences_mean, n),
    against(
      'tokens back to the last occurrence, measured',
      figures.toLast,
      reference.distance_from_query_to_last_occurrence_mean,
      n,
    ),
    against(
      'tokens back to the first occurrence, measured',
      figures.toFirst,
      reference.distance_to_first_occurrence_mean,
      n,
    ),
    against('answers that are ., measured', figures.absent, reference.noop_answer_frac, n),
  ];
}
