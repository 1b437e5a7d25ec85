/** A checksum is of the data, not of the engine that made them: Bun and Deno make the same bytes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const programs = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));
const fixture = fileURLToPath(new URL('./engines.fixture.ts', import.meta.url));
const engines: [string, string[]][] = [
  ['bun', [fixture]],
  ['deno', ['run', '-A', '--no-check', fixture]],
];

/** What the fixture prints in a cache of its own. */
function sums(program: string, args: string[]): Promise<Record<string, string>> {
  const cache = mkdtempSync(join(tmpdir(), 'longconv-engine-'));
  const child = spawn(join(programs, program), args, { env: { ...process.env, LONGCONV_CACHE: cache } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (d) => {
    out += d;
  });
  child.stderr.on('data', (d) => {
    err += d;
  });
  return new Promise((resolve, reject) =>
    child.on('close', (code) => {
      rmSync(cache, { recursive: true });
      if (code === 0) resolve(JSON.parse(out));
      else reject(new Error(`${program} ended with ${code}: ${err}`));
    }),
  );
}

const missing = engines.map(([name]) => name).filter((name) => !existsSync(join(programs, name)));
test('what is made here is the same under Bun and Deno', { skip: missing.length > 0 }, async () => {
  const [bun, deno] = await Promise.all(engines.map(([program, args]) => sums(program, args)));
  assert.ok(Object.keys(bun).length >= 10, `datasets made from nothing: ${Object.keys(bun)}`);
  assert.deepEqual(deno, bun);
});
