/** Every op's float64 backward is the derivative of its forward. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../device/registry.ts';
import { checkGradient } from './gradient.ts';
import { loadOps } from './registry.ts';

const reference = await openDevice('reference');
for (const [id, op] of await loadOps())
  if (op.differentiable !== false)
    test(`the reference gradient of ${id} is the derivative of its forward`, async () => {
      let checked = 0;
      for (const c of op.cases) {
        const r = await checkGradient(op, c, reference);
        if (!r) continue;
        checked++;
        assert.equal(r.status, 'pass', `${id} ${c.name}: ${r.reason}`);
      }
      assert.ok(checked > 0, `${id} has no case small enough`);
    });
