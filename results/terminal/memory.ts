/** How much memory a case may use: LONGCONV_MEMORY_LIMIT, or what the machine and its control group have left. */
import { existsSync, readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { showBytes } from '../tables.ts';
import { UsageError } from './errors.ts';

export interface MemoryLimit {
  bytes: number;
  /** Where the limit comes from, for messages. */
  source: string;
}

export function memoryLimit(
  device?: { info: { id: string; memoryBytes: number } },
  env = process.env.LONGCONV_MEMORY_LIMIT,
): MemoryLimit {
  if (env) return { bytes: parseSize(env), source: 'LONGCONV_MEMORY_LIMIT' };
  const limits = [machine(), ...groups()];
  if (device && device.info.id !== 'cpu' && device.info.id !== 'reference' && Number.isFinite(device.info.memoryBytes))
    limits.push({ bytes: device.info.memoryBytes, source: `memory of ${device.info.id}` });
  return limits.reduce((a, b) => (b.bytes < a.bytes ? b : a));
}

/** Refuses a case whose estimate passes the limit, before anything is allocated. */
export function requireMemory(what: string, estimate: number, limit: MemoryLimit): void {
  if (estimate > limit.bytes)
    throw new UsageError(
      `${what} needs about ${showBytes(estimate)} and the limit is ${showBytes(limit.bytes)} (${limit.source}): choose a shorter length (--lengths), a smaller batch (--batch), or leave the model out (--models)`,
    );
}

export function parseSize(text: string): number {
  const m = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b)?$/i.exec(text.trim());
  const bytes = m ? Number(m[1]) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf(m[2].toLowerCase()) : 0;
  if (!(bytes >= 1)) throw new UsageError(`LONGCONV_MEMORY_LIMIT=${text}: give bytes, or a size such as 512m or 4g`);
  return Math.floor(bytes);
}

function machine(): MemoryLimit {
  const kib = /^MemAvailable:\s+(\d+) kB/m.exec(read('/proc/meminfo') ?? '')?.[1];
  return { bytes: kib ? Number(kib) * 1024 : freemem(), source: 'available memory' };
}

/** What the control groups above this process leave, versions 2 and 1. Page cache does not count: it gives way. */
function groups(): MemoryLimit[] {
  const limits: MemoryLimit[] = [];
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const v2 = controllers === '';
    if (!v2 && !controllers.split(',').includes('memory')) continue;
    const root = v2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
    for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
      const folder = `${root}${at === '/' ? '' : at}`;
      const limit = Number(read(`${folder}/${v2 ? 'memory.max' : 'memory.limit_in_bytes'}`)?.trim());
      const used = Number(read(`${folder}/${v2 ? 'memory.current' : 'memory.usage_in_bytes'}`)?.trim());
      const cache = Number(/^(?:total_)?inactive_file (\d+)/m.exec(read(`${folder}/memory.stat`) ?? '')?.[1] ?? 0);
      if (Number.isFinite(limit) && limit > 0 && limit < 2 ** 60)
        limits.push({ bytes: Math.max(0, limit - (used || 0) + cache), source: 'memory limit of the control group' });
      if (at === '' || at === '/') break;
    }
  }
  return limits;
}

function read(path: string): string | null {
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}
