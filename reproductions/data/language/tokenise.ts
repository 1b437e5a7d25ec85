/**
 * Documents to tokens over worker threads, in the order of the documents: what comes out does not depend on how many
 * workers there are. Memory holds a few batches of about a million characters, whatever the size of the corpus.
 */
import { Worker } from 'node:worker_threads';
import { ENDED, processors } from '../pool.ts';
import { Bpe } from './bpe.ts';
import { END, type Ranks, readVocabulary } from './gpt2-vocabulary.ts';

/** Texts in order, one by one or some at a time. */
export type Documents = AsyncIterable<string | readonly string[]> | Iterable<string | readonly string[]>;

export interface Batch {
  /** Texts in UTF-8, one after the other. */
  bytes: Uint8Array;
  /** Where each ends. */
  ends: Uint32Array;
}

export interface Tokens {
  tokens: Uint16Array;
  /** Of each document, the appended <|endoftext|> included. */
  counts: Uint32Array;
  /** Bytes of UTF-8 that the tokens stand for. */
  bytes: number;
}

export interface TokeniseOptions {
  /** Append <|endoftext|> to every document that is not empty. */
  eos: boolean;
  signal?: AbortSignal;
}

/** Characters of a batch, unless a document alone has more. */
const BATCH = 1 << 20;

export class Tokeniser {
  readonly #here: Bpe | null;
  readonly #workers: Helper[];

  constructor(ranks: Ranks, workers = processors()) {
    this.#here = workers <= 1 ? new Bpe(readVocabulary(ranks)) : null;
    this.#workers = this.#here ? [] : Array.from({ length: workers }, () => new Helper(ranks));
  }

  async *tokenise(documents: Documents, options: TokeniseOptions): AsyncGenerator<Tokens> {
    const pending: Promise<Tokens>[] = [];
    let next = 0;
    for await (const batch of batches(documents)) {
      options.signal?.throwIfAborted();
      if (this.#here) {
        yield tokensOf(this.#here, batch, options.eos);
        continue;
      }
      const answer = this.#workers[next++ % this.#workers.length].ask(batch, options.eos);
      // Whoever takes it sees the error; after a stop nobody does.
      answer.catch(() => {});
      pending.push(answer);
      if (pending.length > 2 * this.#workers.length) yield await (pending.shift() as Promise<Tokens>);
    }
    for (const answer of pending) {
      options.signal?.throwIfAborted();
      yield await answer;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }
}

export function tokensOf(bpe: Bpe, { bytes, ends }: Batch, eos: boolean): Tokens {
  const counts = new Uint32Array(ends.length);
  const total = ends.length ? ends[ends.length - 1] : 0;
  const tokens = new Uint16Array(total + (eos ? ends.length : 0));
  let size = 0;
  let from = 0;
  ends.forEach((to, i) => {
    const before = size;
    const found = bpe.encodeBytes(bytes, from, to);
    tokens.set(found, size);
    size += found.length;
    if (eos && to > from) tokens[size++] = END;
    counts[i] = size - before;
    from = to;
  });
  return { tokens: tokens.slice(0, size), counts, bytes: total };
}

async function* batches(documents: Documents): AsyncGenerator<Batch> {
  let texts: string[] = [];
  let held = 0;
  for await (const some of documents) {
    for (const text of typeof some === 'string' ? [some] : some) {
      texts.push(text);
      held += text.length;
    }
    if (held < BATCH) continue;
    yield encode(texts, held);
    texts = [];
    held = 0;
  }
  if (texts.length) yield encode(texts, held);
}

/** All texts in one go, since a call for each of many short ones takes longer than the encoding. */
function encode(texts: readonly string[], characters: number): Batch {
  const encoder = new TextEncoder();
  const bytes = encoder.encode(texts.join(''));
  const ends = new Uint32Array(texts.length);
  const isAscii = bytes.length === characters;
  let at = 0;
  texts.forEach((text, i) => {
    at += isAscii ? text.length : utf8Length(text);
    ends[i] = at;
  });
  // Two halves of a surrogate pair at the border of two texts have met: each is to be its own replacement character.
  return at === bytes.length
    ? { bytes, ends }
    : encode(
        texts.map((text) => Buffer.from(text).toString()),
        characters,
      );
}

/** Bytes of UTF-8; a lone surrogate is encoded as the replacement character, which takes three. */
export function utf8Length(text: string): number {
  let n = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    n += unit < 0x800 ? 1 : 2;
    // A pair: four bytes for two units.
    if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return n;
}

/** One worker thread; its answers come in the order of the questions. */
class Helper {
  readonly #worker: Worker;
  readonly #waiting: { resolve(tokens: Tokens): void; reject(error: unknown): void }[] = [];
  #broken: unknown = null;

  constructor(ranks: Ranks) {
    this.#worker = new Worker(new URL('./tokenise-worker.ts', import.meta.url), { workerData: ranks });
    this.#worker.on('message', ({ tokens, error, name }: { tokens?: Tokens; error?: string; name?: string }) => {
      const first = this.#waiting.shift();
      if (tokens) first?.resolve(tokens);
      else first?.reject(Object.assign(new Error(error), name ? { name } : {}));
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error(ENDED)));
  }

  ask({ bytes, ends }: Batch, eos: boolean): Promise<Tokens> {
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage({ bytes, ends, eos }, [bytes.buffer as ArrayBuffer, ends.buffer as ArrayBuffer]);
    });
  }

  #fail(error: unknown): void {
    this.#broken ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
