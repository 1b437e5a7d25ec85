/** Every op, every case, on the CPU in each instruction set that this machine has (the best one in-process). */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../device/registry.ts';
import { checkOp } from './check.ts';
import { loadOps } from './registry.ts';

const reference = await openDevice('reference');
const cpu = await openDevice('cpu');
for (const [id, op] of await loadOps()) {
  test(`${id} on the CPU matches its float64 reference`, async () => {
    for (const c of op.cases) {
      const r = await checkOp(op, c, cpu, reference);
      assert.equal(
        r.status,
        'pass',
        `${id} ${c.name}: ${r.reason} (error ${r.error}, tolerance ${r.tolerance}, ${r.implementation})`,
      );
    }
  });
}
