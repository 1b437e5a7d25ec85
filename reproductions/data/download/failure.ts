/**
 * Why a transfer failed, as a sentence, and what to do about it: `again` (the same address may work in a moment),
 * `elsewhere` (this address will not give the file; another may).
 */

export type Remedy = 'again' | 'elsewhere';

export class TransferError extends Error {
  override name = 'TransferError';

  constructor(
    readonly remedy: Remedy,
    message: string,
    /** Seconds that the server asked us to wait. */
    readonly wait: number | null = null,
    /** No answer came at all: a host that is not there now is rarely there in a minute. */
    readonly silent = false,
  ) {
    super(message);
  }
}

/** Nothing gave the file; the message says what was tried and what to do next. */
export class DownloadError extends Error {
  override name = 'DownloadError';
}

const statuses: Record<number, string> = {
  400: 'does not accept the request',
  401: 'wants a login',
  403: 'refuses access: the file has been closed to the public, or this network or country is blocked',
  404: 'does not have the file any more',
  407: 'is reached through a proxy that wants a login (HTTPS_PROXY)',
  410: 'has removed the file for good',
  429: 'has had too many requests from here',
  451: 'may not give the file for legal reasons',
};

/** Worth another try: the server is busy, broken for the moment, or waited too long itself. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524]);

export function statusFailure(url: string, status: number, retryAfter: string | null): TransferError {
  const what = statuses[status] ?? (status >= 500 ? 'has an error of its own' : 'answers with something else');
  const wait = retrySeconds(retryAfter);
  const asked = wait === null ? '' : `, and asks to wait ${Math.ceil(wait)} s`;
  return new TransferError(
    passing.has(status) ? 'again' : 'elsewhere',
    `${host(url)} ${what} (HTTP ${status}${asked}): ${url}`,
    wait,
  );
}

/** `Retry-After`: seconds, or a date. */
export function retrySeconds(header: string | null, now = Date.now()): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, (at - now) / 1000);
}

const dead = /ENOTFOUND|EAI_NONAME|dns error|name or service not known|nodename nor servname|no such host/i;
const unreachable = /EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|network is unreachable|no route to host|temporary failure/i;
const refused = /ECONNREFUSED|ConnectionRefused|connection refused|unable to connect/i;
const tls = /certificate|CERT_|TLS|SSL|EPROTO|handshake|UNABLE_TO_VERIFY|SELF_SIGNED|UnknownIssuer|InvalidCertificate/i;

/** What `fetch` threw, in words that are the same on every runtime. `received`: bytes of the file before it failed. */
export function networkFailure(url: string, error: unknown, received: number): TransferError {
  const text = chain(error);
  const name = host(url);
  if (received === 0) {
    if (tls.test(text))
      return new TransferError(
        'elsewhere',
        `no safe connection to ${name} (${tlsReason(text)}): check the clock of this machine and any proxy between; ${url}`,
      );
    if (dead.test(text))
      return new TransferError(
        'elsewhere',
        `there is no host ${name}: it is gone, or this machine has no name service (is there a network?); ${url}`,
      );
    if (unreachable.test(text))
      return new TransferError('again', `${name} cannot be reached from here; ${url}`, null, true);
    if (refused.test(text))
      return new TransferError('again', `${name} does not accept connections; ${url}`, null, true);
  }
  return new TransferError('again', `the connection to ${name} broke: ${url}`, null, received === 0);
}

const tlsReason = (text: string): string =>
  /expired/i.test(text)
    ? 'its certificate has expired'
    : /self.?signed|issuer|UNABLE_TO_VERIFY/i.test(text)
      ? 'its certificate is signed by nobody this machine knows'
      : 'the TLS handshake failed';

/** Messages and codes of an error and of what caused it. */
function chain(error: unknown): string {
  const parts: string[] = [];
  for (let e = error as (Error & { code?: string }) | undefined; e && parts.length < 12; e = e.cause as typeof e)
    parts.push(e.code ?? '', e.message ?? String(e));
  return parts.join(' ');
}

export const host = (url: string): string => {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
};
