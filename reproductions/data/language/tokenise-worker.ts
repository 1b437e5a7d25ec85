/** The worker side of tokenise.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { Bpe } from './bpe.ts';
import { type Ranks, readVocabulary } from './gpt2-vocabulary.ts';
import { type Batch, tokensOf } from './tokenise.ts';

let bpe: Bpe | null = null;
parentPort?.on('message', ({ eos, ...batch }: Batch & { eos: boolean }) => {
  try {
    bpe ??= new Bpe(readVocabulary(workerData as Ranks));
    const tokens = tokensOf(bpe, batch, eos);
    parentPort?.postMessage({ tokens }, [tokens.tokens.buffer as ArrayBuffer, tokens.counts.buffer as ArrayBuffer]);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    parentPort?.postMessage({ error: message, name });
  }
});
