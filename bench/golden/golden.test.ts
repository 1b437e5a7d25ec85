/** Every golden case passes on the reference and on the CPU, but those of models that do not exist here yet. */
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
        if (v.status === 'unsupported') assert.match(v.reason, /is not implemented yet$/, v.case);
        else assert.equal(v.status, 'pass', `${v.case}: ${v.reason} (limit ${v.tolerance})`);
      }
    });
}

test('a golden case with one wrong value, in any of its tensors, fails', async () => {
  const device = await openDevice('reference');
  const c = cases.find((x) => x.case === 'nn_batchnorm_B5_H3_L1');
  assert.ok(c);
  const judged = c.tensors.filter((t) => t.role === 'output' || t.role === 'grad');
  assert.ok(judged.length > 2);
  for (const wrong of judged)
    for (const value of [Number.NaN, 1e3]) {
      const tensors = c.tensors.map((t) => {
        if (t !== wrong) return t;
        const data = t.data.slice();
        data[0] = value;
        return { ...t, data };
      });
      const verdict = await runGolden({ ...c, tensors }, device);
      assert.equal(verdict.status, 'fail', `${wrong.name} = ${value}`);
      assert.ok(verdict.reason.includes(wrong.name), verdict.reason);
    }
});

test('a golden case without anything to compare fails', async () => {
  const device = await openDevice('reference');
  const c = cases.find((x) => x.case === 'nn_batchnorm_B5_H3_L1');
  assert.ok(c);
  const tensors = c.tensors.filter((t) => t.role !== 'output' && t.role !== 'grad');
  const verdict = await runGolden({ ...c, tensors }, device);
  assert.equal(verdict.status, 'fail');
});
