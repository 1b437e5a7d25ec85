/** The rows of `bench list --models` against what is in the repository. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../kernels/device/registry.ts';
import { mixerIds } from '../models/mixer.ts';
import { systemIds, systems } from '../models/systems.ts';
import { type CheckVerdict, goldenChecks, readChecks } from '../results/checks.ts';
import { loadPublished, publishedIds } from '../results/published/published.ts';
import { caseHeaders } from './golden/golden.ts';
import { systemTable } from './system-table.ts';

test('every system has one id, options that its mixer knows, and published names that exist', () => {
  assert.equal(new Set(systemIds).size, systemIds.length);
  const names = new Set(publishedIds().flatMap((id) => loadPublished(id).rows.map((r) => r.model)));
  const speed = new Set(loadPublished('lra-speed').rows.map((r) => r.model));
  for (const s of systems) {
    for (const option of Object.keys({ ...s.config, ...s.lra?.(128) }))
      assert.ok(option in s.definition.defaults, `${s.id}: its mixer has no option ${option}`);
    for (const name of s.published ?? []) assert.ok(names.has(name), `${s.id}: nobody published a row named ${name}`);
    const row = s.speed?.published;
    assert.ok(!row || speed.has(row), `${s.id}: the published speed table has no row ${row}`);
    const after = s.feedForward?.(128);
    assert.ok(!after || mixerIds().includes(after.mixer));
  }
});

test('every golden case is about a system or about the parts they share', () => {
  const parts = ['nn', 'optim', 'schedule', 'rng', 'network', 'training'];
  const pinned = new Set(systems.flatMap((s) => s.definition.golden));
  for (const { family } of caseHeaders())
    assert.ok(pinned.has(family) || parts.includes(family), `no system names the golden family ${family}`);
});

test('the table says what each system is, where it runs and what proves it', async () => {
  const devices = await Promise.all(['cpu', 'reference'].map((id) => openDevice(id)));
  const rows = await systemTable(devices);
  assert.deepEqual(
    rows.map((r) => r.id),
    [...systemIds],
  );
  for (const r of rows) {
    assert.ok(r.parameters > 100_000, `${r.id} has ${r.parameters} parameters`);
    assert.deepEqual(r.devices, { cpu: true, reference: true }, r.id);
    assert.ok(r.year >= 2015 && /^\d{4}\.\d{5}$/.test(r.arxiv), `${r.id}: ${r.arxiv} (${r.year})`);
  }
  assert.ok(rows.find((r) => r.id === 's4')?.claims.includes('lra-accuracy'));
  for (const d of devices) await d.close();
});

test('the committed check names every golden case of the repository, and all passed', () => {
  const checks = readChecks(goldenChecks);
  assert.ok(checks, 'write it with: bench check --no-ops --device cpu,reference --out results/checks/golden.json');
  const own = caseHeaders().map((h) => h.case);
  for (const device of ['cpu', 'reference']) {
    const rows: CheckVerdict[] = checks.verdicts.filter((v) => v.device === device);
    assert.deepEqual(rows.map((v) => v.case).toSorted(), own.toSorted());
    assert.deepEqual(
      rows.filter((v) => v.status !== 'pass' || v.error > v.tolerance).map((v) => v.case),
      [],
    );
  }
});
