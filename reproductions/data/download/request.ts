/**
 * One HTTP request for a file, or for the rest of it. Redirects are followed here, so that the range goes along and a
 * safe address never leads to an unsafe one. Bodies are taken as they are (no content encoding), and a connection on
 * which nothing arrives for `stall` seconds counts as broken.
 */
import { host, networkFailure, statusFailure, TransferError } from './failure.ts';

/** What says that two answers are parts of the same file. */
export interface Validator {
  etag: string | null;
  modified: string | null;
}

export interface Answer {
  /** Where the body starts in the file: the asked offset, or 0 when the server sends all of it. */
  offset: number;
  /** Length of the whole file, where the server tells. */
  total: number | null;
  validator: Validator;
  /** The last address, after redirects. */
  url: string;
  body: AsyncGenerator<Uint8Array>;
  /** Lets go of the connection. */
  close(): void;
}

export interface RequestOptions {
  /** First byte that is wanted. */
  offset: number;
  /** Of the part that is here; the server sends the whole file when it is not of this version. */
  validator: Validator | null;
  stall: number;
  signal: AbortSignal;
}

const REDIRECTS = 10;
const redirect = new Set([301, 302, 303, 307, 308]);

/** Throws `TransferError`, or the reason of the signal. `'complete'`: the server has no byte at `offset` (HTTP 416). */
export async function request(url: string, options: RequestOptions): Promise<Answer | { complete: number | null }> {
  const stop = new AbortController();
  const pass = () => stop.abort(options.signal.reason);
  options.signal.throwIfAborted();
  options.signal.addEventListener('abort', pass);
  const close = () => {
    options.signal.removeEventListener('abort', pass);
    stop.abort(new Error('not needed any more'));
  };
  try {
    let at = url;
    for (let hops = 0; ; hops++) {
      const response = await answerOf(at, options, stop);
      if (!redirect.has(response.status)) return read(at, response, options, stop, close);
      const next = response.headers.get('location');
      await response.body?.cancel().catch(() => {});
      if (!next) throw new TransferError('elsewhere', `${host(at)} redirects to nowhere: ${at}`);
      if (hops === REDIRECTS) throw new TransferError('elsewhere', `${url} redirects more than ${REDIRECTS} times`);
      const to = new URL(next, at).href;
      if (at.startsWith('https:') && !to.startsWith('https:'))
        throw new TransferError('elsewhere', `${host(at)} redirects from a safe to an unsafe address: ${to}`);
      at = to;
    }
  } catch (error) {
    close();
    throw error;
  }
}

async function answerOf(
  url: string,
  { offset, validator, stall, signal }: RequestOptions,
  stop: AbortController,
): Promise<Response> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'longconv' };
  if (offset > 0) {
    headers.range = `bytes=${offset}-`;
    const version = condition(validator);
    if (version) headers['if-range'] = version;
  }
  const init = { headers, redirect: 'manual', signal: stop.signal, decompress: false, timeout: false } as RequestInit;
  try {
    return await within(fetch(url, init), stall);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof Stalled)
      throw new TransferError('again', `${host(url)} did not answer for ${stall} s: ${url}`, null, true);
    throw networkFailure(url, error, 0);
  }
}

/** A weak ETag cannot vouch for ranges. */
const condition = (v: Validator | null): string | null =>
  v?.etag && !v.etag.startsWith('W/') ? v.etag : (v?.modified ?? null);

function read(
  url: string,
  response: Response,
  options: RequestOptions,
  stop: AbortController,
  close: () => void,
): Answer | { complete: number | null } {
  const { status, headers } = response;
  const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (status === 416 && options.offset > 0) {
    close();
    return { complete: range && range[3] !== '*' ? Number(range[3]) : null };
  }
  if (status !== 200 && status !== 206) throw statusFailure(url, status, headers.get('retry-after'));
  const encoding = headers.get('content-encoding');
  if (encoding && encoding !== 'identity')
    throw new TransferError('elsewhere', `${host(url)} sends the file in another encoding (${encoding}): ${url}`);
  const length = headers.get('content-length');
  let offset = 0;
  let total = length === null ? null : Number(length);
  if (status === 206) {
    if (range?.[1] === undefined)
      throw new TransferError('elsewhere', `${host(url)} sends a part and does not say which: ${url}`);
    offset = Number(range[1]);
    total = range[3] === '*' ? (total === null ? null : offset + total) : Number(range[3]);
  }
  const validator = { etag: headers.get('etag'), modified: headers.get('last-modified') };
  return { offset, total, validator, url, body: bodyOf(url, response, options, stop, close), close };
}

async function* bodyOf(
  url: string,
  response: Response,
  { stall, signal }: RequestOptions,
  stop: AbortController,
  close: () => void,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  let received = 0;
  // One clock for the whole body: a timer for every chunk costs more than the chunk.
  let heard = performance.now();
  let stalled = false;
  const clock = setInterval(
    () => {
      if (performance.now() - heard < stall * 1000) return;
      stalled = true;
      stop.abort(new Error('stalled'));
    },
    Math.max(20, stall * 100),
  );
  try {
    while (reader) {
      const { done, value } = await reader.read();
      heard = performance.now();
      if (done) return;
      received += value.length;
      yield value;
      heard = performance.now();
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (stalled) throw new TransferError('again', `nothing has come from ${host(url)} for ${stall} s: ${url}`);
    throw networkFailure(url, error, Math.max(1, received));
  } finally {
    clearInterval(clock);
    close();
  }
}

class Stalled extends Error {}

/** The promise's value, or `Stalled` after so many seconds. */
async function within<T>(promise: Promise<T>, seconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Stalled()), seconds * 1000);
    });
    promise.catch(() => {});
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
