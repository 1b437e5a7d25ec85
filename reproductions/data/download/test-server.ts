/** For the tests: an HTTP server on this machine that answers as it is told, well or badly. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { known, type SourceFile } from './source.ts';

export type Handler = (req: IncomingMessage, res: ServerResponse, count: number) => void;

export interface TestServer {
  url(path?: string): string;
  /** What was asked for, in order: path and range. */
  asked: { path: string; range: string | null; ifRange: string | null }[];
  answer(handler: Handler): void;
  close(): Promise<void>;
}

export async function testServer(): Promise<TestServer> {
  let handler: Handler = (_, res) => res.writeHead(404).end();
  const asked: TestServer['asked'] = [];
  const server = createServer((req, res) => {
    const header = (name: string) => (req.headers[name] as string | undefined) ?? null;
    asked.push({ path: req.url ?? '', range: header('range'), ifRange: header('if-range') });
    handler(req, res, asked.length);
  });
  // As a proxy, it leads to itself and nowhere else.
  server.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path = '/file') => `http://127.0.0.1:${port}${path}`,
    asked,
    answer(next) {
      asked.length = 0;
      handler = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A server as it should be: ranges, ETag, If-Range, 416. */
export function good(content: Uint8Array, { etag = '"v1"' as string | null, upTo = content.length } = {}): Handler {
  return (req, res) => {
    const range = /^bytes=(\d+)-$/.exec(String(req.headers.range ?? ''));
    const condition = req.headers['if-range'];
    const tag = etag ? { etag } : {};
    const from = range && (condition === undefined || condition === etag) ? Number(range[1]) : 0;
    if (from >= content.length) {
      res.writeHead(416, { 'content-range': `bytes */${content.length}`, ...tag }).end();
      return;
    }
    const part = from
      ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }
      : { 'accept-ranges': 'bytes' };
    res.writeHead(from ? 206 : 200, { 'content-length': content.length - from, ...part, ...tag });
    if (upTo >= content.length) res.end(content.subarray(from));
    // Cut: what fits goes out first, then the connection breaks.
    else res.write(content.subarray(from, Math.max(from, upTo)), () => setTimeout(() => res.destroy(), 30));
  };
}

export const sum = (kind: 'sha256' | 'md5', bytes: Uint8Array): string => createHash(kind).update(bytes).digest('hex');

/** Bytes that begin like a gzip file and repeat nowhere. */
export function content(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  bytes.set([0x1f, 0x8b].slice(0, length));
  return bytes;
}

const said = <T>(value: T) => known(value, 'the test');

/** A file of these addresses; `bytes` and checksums are those of `published`, where it is given. */
export function fileOf(
  urls: string[],
  published: { bytes?: number; sha256?: string; md5?: string; name?: string } = {},
): SourceFile {
  const { bytes, sha256, md5, name = 'file.tar.gz' } = published;
  return {
    ...{ name, form: 'tar.gz', group: 'file', urls: urls.map(said) },
    bytes: bytes === undefined ? null : said(bytes),
    sha256: sha256 === undefined ? null : said(sha256),
    md5: md5 === undefined ? null : said(md5),
    contents: said('test bytes'),
  };
}
