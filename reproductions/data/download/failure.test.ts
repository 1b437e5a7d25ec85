import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkFailure, retrySeconds, statusFailure } from './failure.ts';
import { wrongForm } from './form.ts';
import { Rate } from './rate.ts';
import { type FileForm, magic } from './source.ts';
import { fileOf } from './test-server.ts';

const url = 'https://data.example.org/file';
const coded = (code: string, message = code) => Object.assign(new TypeError(message), { code });

test('what Bun, Deno and Node say of a broken network, in one set of words', () => {
  const deno = (what: string) => new TypeError('fetch failed', { cause: new Error(`client error (Connect): ${what}`) });
  for (const [error, remedy, sentence] of [
    [coded('ENOTFOUND', 'getaddrinfo ENOTFOUND data.example.org'), 'elsewhere', /^there is no host data\.example\.org/],
    [
      deno('dns error: failed to lookup address information: Name or service not known'),
      'elsewhere',
      /there is no host/,
    ],
    [coded('EAI_AGAIN'), 'again', /cannot be reached from here/],
    [deno('tcp connect error: Network is unreachable (os error 101)'), 'again', /cannot be reached from here/],
    [coded('ECONNREFUSED', 'Unable to connect. Is the computer able to access the url?'), 'again', /does not accept/],
    [deno('tcp connect error: Connection refused (os error 111)'), 'again', /does not accept connections/],
    [coded('CERT_HAS_EXPIRED', 'certificate has expired'), 'elsewhere', /no safe connection.*certificate has expired/],
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT', 'self signed certificate'), 'elsewhere', /signed by nobody/],
    [deno('invalid peer certificate: UnknownIssuer'), 'elsewhere', /signed by nobody this machine knows/],
    [deno('invalid peer certificate: Expired'), 'elsewhere', /its certificate has expired/],
    [coded('EPROTO', 'The TLS handshake failed.'), 'elsewhere', /the TLS handshake failed/],
    [coded('ECONNRESET'), 'again', /the connection to data\.example\.org broke/],
  ] as [Error, string, RegExp][]) {
    const failure = networkFailure(url, error, 0);
    assert.match(failure.message, sentence);
    assert.equal(failure.remedy, remedy, failure.message);
  }
  // In the middle of a body it is always worth going on.
  assert.equal(networkFailure(url, coded('ECONNRESET', 'TLS closed'), 5).remedy, 'again');
});

test('HTTP statuses: which are final, and how long a server asks to wait', () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504])
    assert.equal(statusFailure(url, status, null).remedy, 'again');
  for (const status of [400, 401, 403, 404, 410, 451, 501])
    assert.equal(statusFailure(url, status, null).remedy, 'elsewhere');
  assert.equal(statusFailure(url, 503, '20').wait, 20);
  assert.equal(retrySeconds('Sun, 22 Nov 2026 12:00:30 GMT', Date.UTC(2026, 10, 22, 12, 0, 0)), 30);
  assert.equal(retrySeconds('Sun, 22 Nov 2020 12:00:30 GMT', Date.UTC(2026, 10, 22)), 0);
  assert.equal(retrySeconds('soon'), null);
});

test('the form of a file is told by its first bytes', () => {
  const beginnings: Record<FileForm, string[]> = {
    ...{ 'tar.gz': ['1f8b0800'], 'tar.xz': ['fd377a585a0000'], zip: ['504b0304'], jsonl: ['7b227465'] },
    ...{ 'jsonl.zst': ['28b52ffd', '502a4d18', '5f2a4d18'], parquet: ['50415231'] },
  };
  for (const form of Object.keys(magic) as FileForm[])
    for (const hex of beginnings[form]) {
      const file = { ...fileOf([]), form };
      const right = Uint8Array.from(hex.match(/../g) ?? [], (h) => Number.parseInt(h, 16));
      assert.equal(wrongForm(file, right), null, form);
      assert.match(wrongForm(file, new TextEncoder().encode('\n<!DOCTY')) ?? '', /a web page/);
      assert.match(wrongForm(file, new TextEncoder().encode('no such ')) ?? '', /begins with 6e6f/);
      assert.equal(wrongForm(file, right.subarray(0, 0)), null, 'too little to tell');
    }
});

test('rate and time left are of the last ten seconds', () => {
  let now = 0;
  const rate = new Rate(() => now);
  assert.equal(rate.perSecond, null);
  rate.add(0);
  for (let i = 1; i <= 30; i++) {
    now = i * 1000;
    rate.add(i <= 15 ? i : 15 + (i - 15) * 1000);
  }
  assert.equal(rate.perSecond, 1000);
  assert.equal(rate.describe(15_015, 30_030), '50 %, 14.7 KiB of 29.3 KiB, 1000 B/s, 15 s left');
  rate.add(10);
  assert.equal(rate.perSecond, null);
  assert.equal(rate.describe(10, null), '10 B');
});
