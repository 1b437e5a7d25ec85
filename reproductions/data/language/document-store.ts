/**
 * The tokens of a corpus in the order in which its archives come, so that they can be packed in another one: the order
 * of the archives' names, then the order of a random split. Archives that are finished are not read again after a stop.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../cache.ts';
import type { WorkOptions } from '../definition.ts';
import type { TextArchive } from './openwebtext-files.ts';
import { TokenReader, TokenWriter } from './token-file.ts';
import type { Tokeniser } from './tokenise.ts';

interface Archive {
  name: string;
  documents: number;
  tokens: number;
}

interface State {
  archives: Archive[];
  complete?: true;
}

export interface DocumentStore {
  tokens: TokenReader;
  /** Of each document, by the names of the archives and of the files in them: its place, tokens and bytes of text. */
  starts: Float64Array;
  counts: Uint32Array;
  bytes: Uint32Array;
}

/** Writing down how far things are takes longer with every archive. */
const SAVE_EVERY = 20_000;
/** Archives that are tokenised together. */
const GROUP = 32;
/** Numbers kept of a document: tokens and bytes, in uint16 halves. */
const HALVES = 4;

/** Fills the folder from the archives, going on where a run before this one was stopped. */
export async function storeDocuments(
  folder: string,
  archives: AsyncIterable<TextArchive>,
  tokeniser: Tokeniser,
  { signal, progress }: Pick<WorkOptions, 'signal'> & { progress?(bytes: number): void },
): Promise<DocumentStore> {
  mkdirSync(folder, { recursive: true });
  const statePath = join(folder, 'archives.json');
  const before: State = existsSync(statePath) ? JSON.parse(readFileSync(statePath, 'utf8')) : { archives: [] };
  const done = before.archives;
  if (before.complete) return inOrder(folder, done);
  const known = new Set(done.map(({ name }) => name));
  const sum = (what: 'documents' | 'tokens') => done.reduce((n, archive) => n + archive[what], 0);
  const tokens = new TokenWriter(join(folder, 'tokens.npy'), sum('tokens'));
  const table = new TokenWriter(join(folder, 'documents.npy'), HALVES * sum('documents'));
  let saved = performance.now();
  let bytes = 0;
  const save = () => {
    tokens.sync();
    table.sync();
    const state: State = { archives: done };
    writeAtomically(statePath, [new TextEncoder().encode(JSON.stringify(state))]);
    saved = performance.now();
  };
  const finish = async (group: { name: string; texts: string[] }[]) => {
    const counts: number[] = [];
    const sizes: number[] = [];
    const parts: Uint16Array[] = [];
    const texts = group.flatMap((archive) => archive.texts);
    for await (const batch of tokeniser.tokenise(texts, { eos: true, ...(signal ? { signal } : {}) })) {
      parts.push(batch.tokens);
      for (const count of batch.counts) counts.push(count);
      bytes += batch.bytes;
    }
    for (const text of texts) sizes.push(Buffer.byteLength(text));
    for (const part of parts) tokens.append(part);
    table.append(new Uint16Array(Uint32Array.from(counts.flatMap((count, i) => [count, sizes[i]])).buffer));
    let at = 0;
    for (const archive of group) {
      const own = counts.slice(at, at + archive.texts.length);
      at += archive.texts.length;
      done.push({ name: archive.name, documents: own.length, tokens: own.reduce((a, b) => a + b, 0) });
    }
    progress?.(bytes);
    if (performance.now() - saved > SAVE_EVERY) save();
  };
  try {
    let group: { name: string; texts: string[] }[] = [];
    for await (const archive of archives) {
      signal?.throwIfAborted();
      if (known.has(archive.name)) continue;
      known.add(archive.name);
      group.push({ name: archive.name, texts: await archive.texts() });
      if (group.length < GROUP) continue;
      await finish(group);
      group = [];
    }
    if (group.length) await finish(group);
    save();
  } catch (error) {
    try {
      save();
    } catch {}
    tokens.close();
    table.close();
    throw error;
  }
  tokens.finish();
  table.finish();
  const complete: State = { archives: done, complete: true };
  writeAtomically(statePath, [new TextEncoder().encode(JSON.stringify(complete))]);
  return inOrder(folder, done);
}

/** The table of documents in the order of the archives' names. */
function inOrder(folder: string, archives: readonly Archive[]): DocumentStore {
  const table = new TokenReader(join(folder, 'documents.npy'));
  const halves = new Uint16Array(table.tokens);
  table.read(0, halves);
  table.close();
  const pairs = new Uint32Array(halves.buffer);
  const n = pairs.length / 2;
  const store = { starts: new Float64Array(n), counts: new Uint32Array(n), bytes: new Uint32Array(n) };
  let token = 0;
  let document = 0;
  const placed = archives.map((archive) => {
    const place = { ...archive, token, document };
    token += archive.tokens;
    document += archive.documents;
    return place;
  });
  let to = 0;
  for (const archive of placed.sort((a, b) => (a.name < b.name ? -1 : 1)))
    for (let i = 0, at = archive.token; i < archive.documents; i++, to++) {
      const count = pairs[2 * (archive.document + i)];
      store.starts[to] = at;
      store.counts[to] = count;
      store.bytes[to] = pairs[2 * (archive.document + i) + 1];
      at += count;
    }
  return { tokens: new TokenReader(join(folder, 'tokens.npy')), ...store };
}

/** Piece of about this many tokens. */
const PIECE = 1 << 20;

/** The tokens of some documents, in the order of `which`. */
export function* documentsOf(
  { tokens, starts, counts, bytes }: DocumentStore,
  which: Uint32Array,
): Generator<{ tokens: Uint16Array; documents: number; bytes: number }> {
  let piece = new Uint16Array(PIECE);
  let held = { size: 0, documents: 0, bytes: 0 };
  for (const document of which) {
    const count = counts[document];
    if (held.size + count > piece.length) {
      if (held.size) yield { tokens: piece.subarray(0, held.size), documents: held.documents, bytes: held.bytes };
      held = { size: 0, documents: 0, bytes: 0 };
      if (count > piece.length) piece = new Uint16Array(count);
    }
    tokens.read(starts[document], piece.subarray(held.size, held.size + count));
    held.size += count;
    held.bytes += bytes[document];
    if (count) held.documents++;
  }
  if (held.size) yield { tokens: piece.subarray(0, held.size), documents: held.documents, bytes: held.bytes };
}
