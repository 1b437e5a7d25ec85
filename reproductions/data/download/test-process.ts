/** For the tests: processes that are killed, and disks that are small or cannot be written. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { TestRun } from './test-run.ts';

const script = fileURLToPath(new URL('./test-run.ts', import.meta.url));

export interface Running {
  child: ChildProcess;
  /** When it has ended: what it wrote, and its exit code (null after a signal). */
  ended: Promise<{ code: number | null; out: string; err: string }>;
}

export function start(run: TestRun): Running {
  const runtime = process.versions.bun ? [] : ['run', '-A', '--no-check'];
  const child = spawn(process.execPath, [...runtime, script, JSON.stringify(run)]);
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err }))) };
}

/** `kill -9`, once `ready` says so; fails when the process ended before. */
export async function killWhen({ child, ended }: Running, ready: () => boolean): Promise<void> {
  let over = false;
  const end = ended.then((result) => {
    over = true;
    return result;
  });
  while (!ready()) {
    if (over) throw new Error(`the process ended by itself: ${(await end).err}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  process.kill(child.pid as number, 'SIGKILL');
  await ended;
}

/** Mounts there (Linux, as root); false where that is not allowed. */
export function mount(folder: string, ...options: string[]): boolean {
  mkdirSync(folder, { recursive: true });
  return spawnSync('mount', [...options, folder]).status === 0;
}
export const unmount = (folder: string): boolean => spawnSync('umount', [folder]).status === 0;
