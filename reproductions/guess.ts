/** What is had without learning anything, in the metric of a run. */
import { type AnyDataset, guessLevel } from './data/dataset.ts';
import type { Baseline } from './data/definition.ts';
import type { Metric } from './train/metrics.ts';

export interface Guess {
  value: number;
  loss: number;
}

/**
 * Classes: always the most frequent one. Tokens: their frequencies in the training split where these are known, one
 * drawn at random otherwise. Series and functions: always zero.
 */
export function guessOf(data: AnyDataset, metric: Metric, baselines: readonly Baseline[]): Guess {
  switch (data.task) {
    case 'classification': {
      const { accuracy, loss } = guessLevel(data.labelCounts('test'));
      return { value: accuracy, loss };
    }
    case 'tokens': {
      const { vocabulary } = data;
      const loss = baselines.find((one) => one.metric === 'loss' && one.method.startsWith('token frequencies'))?.value;
      if (metric !== 'accuracy' && loss !== undefined) return { value: Math.exp(loss), loss };
      return { value: metric === 'accuracy' ? 1 / vocabulary : vocabulary, loss: Math.log(vocabulary) };
    }
    default: {
      const zero = baselines.find(({ method }) => /^(zero|predict 0)$/.test(method));
      if (!zero) throw new Error(`${data.id} has no baseline that always says zero`);
      return { value: zero.value, loss: zero.value };
    }
  }
}
