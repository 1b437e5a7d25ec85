/** Arrows run one way: bench, reproductions -> models -> kernels; all may use results; results and kernels use nobody. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const allowed: Record<string, string[]> = {
  kernels: ['kernels'],
  results: ['results'],
  models: ['models', 'kernels', 'results'],
  bench: ['bench', 'models', 'kernels', 'results'],
  reproductions: ['reproductions', 'models', 'kernels', 'results'],
};

for (const [room, mayUse] of Object.entries(allowed))
  test(`${room} imports only from ${mayUse.join(', ')}`, () => {
    const files = readdirSync(join(root, room), { recursive: true, withFileTypes: true });
    const breaches: string[] = [];
    for (const f of files) {
      if (!f.isFile() || !f.name.endsWith('.ts')) continue;
      const path = join(f.parentPath, f.name);
      for (const [, spec] of readFileSync(path, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
        const target = relative(root, resolve(dirname(path), spec)).split('/')[0];
        if (!mayUse.includes(target)) breaches.push(`${relative(root, path)} imports ${spec}`);
      }
    }
    assert.deepEqual(breaches, []);
  });
