/** Every golden case that is implemented passes on the reference and on the CPU; none fails. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDevice } from '../../kernels/device/registry.ts';
import { goldenFiles, readGolden } from './golden.ts';
import { runGolden } from './run.ts';

const vectors = join(dirname(fileURLToPath(import.meta.url)), 'vectors');
const cases = goldenFiles(vectors).map((f) => readGolden(f));

for (const id of ['reference', 'cpu']) {
  const device = await openDevice(id);
  for (const family of new Set(cases.map((c) => c.family)))
    test(`golden ${family} on ${id}`, async () => {
      for (const c of cases.filter((x) => x.family === family)) {
        const v = await runGolden(c, device);
        assert.notEqual(v.status, 'fail', `${v.case}: ${v.reason} (limit ${v.tolerance})`);
      }
    });
}
