/** Where a number comes from: code, command line, runtime, host. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, hostname, loadavg, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Provenance } from './record.ts';

/** Folder of the package. */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Folder of the records of all runs: LONGCONV_RESULTS, or `results/runs` of the package. */
export const runsFolder = (): string => process.env.LONGCONV_RESULTS || join(packageRoot, 'results', 'runs');

/**
 * What stands for the folder of the package where evidence is kept and pages are made from it: LONGCONV_COMMITTED, for
 * tests; or the package itself.
 */
export const committedRoot = (): string => process.env.LONGCONV_COMMITTED || packageRoot;

function git(...args: string[]): string | null {
  try {
    return execFileSync('git', ['-C', packageRoot, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    }).trim();
  } catch {
    return null;
  }
}

/** The commit of the checkout and whether tracked files differ from it; nulls outside a checkout. */
function gitState(): Provenance['git'] {
  // An unpacked release inside somebody else's repository is not that repository's commit.
  if (git('rev-parse', '--show-prefix') !== '') return { commit: null, dirty: null };
  const status = git('status', '--porcelain', '--untracked-files=no');
  return { commit: git('rev-parse', 'HEAD'), dirty: status === null ? null : status !== '' };
}

export function runtimeInfo(): Provenance['runtime'] {
  const deno = (globalThis as { Deno?: { version: { deno: string } } }).Deno?.version.deno;
  const { bun } = process.versions;
  return {
    name: deno ? 'deno' : bun ? 'bun' : 'node',
    version: deno ?? bun ?? process.versions.node,
    os: `${platform()} ${release()}`,
    arch: arch(),
  };
}

function hostInfo(): Provenance['host'] {
  const list = cpus();
  return {
    name: hostname(),
    cpu: list[0]?.model.trim() || 'unknown processor',
    cores: list.length,
    memory_bytes: totalmem(),
    load: loadavg(),
  };
}

export const packageVersion = (): string => JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version;

export function provenance(argv: readonly string[]): Provenance {
  return { git: gitState(), version: packageVersion(), argv: [...argv], runtime: runtimeInfo(), host: hostInfo() };
}
