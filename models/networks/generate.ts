/**
 * Text from a language model by its recurrent form: the prompts at once, then token by token, each at the same cost.
 */
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { LanguageModel } from './language-model.ts';
import { Running } from './running.ts';

/** The next token of one sequence, from its logits. */
export type Pick = (logits: ArrayLike<number>, row: number) => number;

/** The most likely token; of equals the first. */
export const greedy: Pick = (logits) => {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
};

/** `count` further tokens of each prompt; the prompts are of one length, at least 1. */
export async function generate(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  count: number,
  pick: Pick = greedy,
): Promise<number[][]> {
  const B = prompts.length;
  const M = prompts[0]?.length ?? 0;
  if (M === 0 || prompts.some((p) => p.length !== M))
    throw new RangeError('prompts need at least one token, and all the same number of them');
  using running = await Running.open(model, B);
  const out: number[][] = prompts.map(() => []);
  let input: { tokens: number[]; steps: number } = { tokens: prompts.flat(), steps: M };
  for (let i = 0; i < count; i++) {
    const { tokens, steps } = input;
    const logits = running.advance((t: Tape) => t.tensor(tokens, [B, steps], 'i32'));
    const V = logits.shape[2];
    const last = await model.store.device.download(logits.buffer);
    const next = out.map((row, b) => {
      const at = (b * steps + steps - 1) * V;
      const token = pick(last.subarray(at, at + V), b);
      row.push(token);
      return token;
    });
    input = { tokens: next, steps: 1 };
  }
  return out;
}
