/** Every suite, small: its cases agree with the reference, need no more memory than estimated, and have fit columns. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { DeviceUnavailableError } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { loadSuite, type SuiteOptions, suiteIds } from '../suite.ts';

const device = await openDevice('cpu');
const options: SuiteOptions = { scale: 'quick', lengths: [300], width: 32, batch: 1, peers: [], seed: 0 };

for (const id of suiteIds())
  test(`suite ${id}`, async () => {
    const suite = await loadSuite(id);
    assert.equal(suite.id, id);
    // Some are run only when they are asked for.
    const groups = await suite.groups(device, { ...options, models: [...suite.models] });
    assert.deepEqual(
      [...new Set(groups.flatMap((g) => g.candidates.map((c) => c.row.model)))].sort(),
      [...suite.models].sort(),
    );
    for (const group of groups) {
      assert.equal(new Set(group.candidates.map((c) => c.id)).size, group.candidates.length, group.name);
      for (const c of group.candidates) {
        const error = await c.check();
        assert.ok(
          error && error.value <= error.tolerance,
          `${c.id}, ${group.name}: ${error?.worst} is off by ${error?.value}`,
        );
        const before = device.memory.live;
        device.memory.resetPeak();
        const workload = await c.build();
        for (let i = 0; i < 2; i++) assert.ok((await workload.sample()) > 0);
        const peak = device.memory.peak - before;
        assert.ok(peak <= c.estimate, `${c.id}, ${group.name}: ${peak} bytes, estimated ${c.estimate}`);
        const cost = workload.cost();
        assert.ok(cost && cost.flops > 0 && cost.bytes > 0);
        await workload.dispose();
        assert.equal(c.row.candidate, c.id);
      }
    }
    const only = await suite.groups(device, { ...options, models: [suite.models[0]] });
    assert.ok(only.every((g) => g.candidates.every((c) => c.row.model === suite.models[0])));
    assert.ok(suite.columns.length > 3 && suite.caption(options, []).length > 0);
  });

for (const id of suiteIds()) {
  const suite = await loadSuite(id);
  for (const peer of suite.peers ?? [])
    test(`suite ${id} beside ${peer}`, async (context) => {
      const asked = { ...options, lengths: [50], peers: [peer] };
      const groups = await suite.groups(device, asked).catch((e) => {
        assert.ok(e instanceof DeviceUnavailableError, String(e));
        context.skip?.(e.message);
        return [];
      });
      for (const group of groups) {
        assert.equal(group.baseline, peer);
        assert.equal(new Set(group.candidates.map((c) => c.id)).size, group.candidates.length);
        const c = group.candidates.find((other) => other.id === peer);
        const error = await c?.check();
        assert.ok(error && error.value <= error.tolerance, `${group.name}: ${error?.worst} is off by ${error?.value}`);
        const workload = await c?.build();
        assert.ok(((await workload?.sample()) ?? 0) > 0);
        await workload?.dispose();
      }
    });
}
