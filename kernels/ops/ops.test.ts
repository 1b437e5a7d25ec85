/**
 * Every op, every case, on the CPU in each instruction set that this machine has, in memory that starts as NaN; and the
 * same bits with one thread and with three.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../device/registry.ts';
import { loadAddon } from '../native/addon.ts';
import { checkOp, type OpRun, runCase, sameBits } from './check.ts';
import { openIsa } from './cpu-check.ts';
import type { Op } from './op.ts';
import { loadOps } from './registry.ts';

const addon = loadAddon();
const reference = await openDevice('reference');
const ops = await loadOps();

/** What the reference gives, computed once for all instruction sets. */
const wanted = new Map<string, Promise<OpRun>>();
function want(op: Op, index: number): Promise<OpRun> {
  const key = `${op.id} ${index}`;
  const run = wanted.get(key) ?? runCase(op, op.cases[index], reference);
  wanted.set(key, run);
  return run;
}

const isas = process.env.LONGCONV_ISA ? [process.env.LONGCONV_ISA] : addon.isas();
for (const isa of isas) {
  const cpu = await openIsa(isa, { poison: true });
  assert.equal(cpu.info.features[0], isa);
  for (const [id, op] of ops) {
    test(`${id} on the CPU (${isa}) matches its float64 reference`, async () => {
      for (const [i, c] of op.cases.entries()) {
        const r = await checkOp(op, c, cpu, await want(op, i));
        assert.equal(
          r.status,
          'pass',
          `${id} ${c.name}: ${r.reason} (error ${r.error}, tolerance ${r.tolerance}, ${r.implementation})`,
        );
      }
    });
    if (isa !== isas[0]) continue; // how work is divided is the same in all of them
    test(`${id} on the CPU (${isa}) gives the same bits whatever the number of threads`, async () => {
      const before = addon.threads();
      try {
        for (const c of op.cases) {
          const runs = [];
          for (const threads of [1, 3]) {
            addon.threads(threads);
            runs.push(await runCase(op, c, cpu));
          }
          assert.ok(sameBits(runs[0], runs[1]), `${id} ${c.name}: one thread and three differ`);
        }
      } finally {
        addon.threads(before);
      }
    });
  }
}
