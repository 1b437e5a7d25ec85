/** Discovers the ops: every folder here that has an `op.ts`. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Op, ReferenceKernels } from './op.ts';

const opsFolder = dirname(fileURLToPath(import.meta.url));

export function opIds(): string[] {
  return readdirSync(opsFolder)
    .filter((id) => existsSync(join(opsFolder, id, 'op.ts')))
    .sort();
}

/** Path of an op's file, or null when it has none (which means: not on that device). */
export function opFile(id: string, file: string): string | null {
  const path = join(opsFolder, id, file);
  return existsSync(path) ? path : null;
}

export async function loadOp(id: string): Promise<Op> {
  return (await import(pathToFileURL(join(opsFolder, id, 'op.ts')).href)).default as Op;
}

export async function loadOps(): Promise<Map<string, Op>> {
  return new Map(await Promise.all(opIds().map(async (id) => [id, await loadOp(id)] as const)));
}

export async function loadReference(id: string): Promise<ReferenceKernels | null> {
  const path = opFile(id, 'reference.ts');
  return path ? ((await import(pathToFileURL(path).href)) as ReferenceKernels) : null;
}
