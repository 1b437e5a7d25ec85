/** What the generic test of an op cannot show on the CPU: other instruction sets, other numbers of threads. */
import assert from 'node:assert/strict';
import { open } from '../device/cpu.ts';
import type { Device } from '../device/device.ts';
import { openDevice } from '../device/registry.ts';
import { loadAddon } from '../native/addon.ts';
import { Stream } from '../tensor/random.ts';
import { checkOp, runOp } from './check.ts';
import { type Op, type OpCase, sizeOf } from './op.ts';

/** The CPU with the kernels of one instruction set. */
export async function openIsa(isa: string): Promise<Device> {
  const before = process.env.LONGCONV_ISA;
  process.env.LONGCONV_ISA = isa;
  try {
    return await open();
  } finally {
    if (before === undefined) delete process.env.LONGCONV_ISA;
    else process.env.LONGCONV_ISA = before;
  }
}

/** Every case of the op in every instruction set that this processor has. */
// biome-ignore lint/suspicious/noExplicitAny: ops of every attribute type
export async function assertEveryIsa(op: Op<any>): Promise<void> {
  const reference = await openDevice('reference');
  for (const isa of loadAddon().isas()) {
    const device = await openIsa(isa);
    for (const c of op.cases) {
      const r = await checkOp(op, c, device, reference);
      assert.equal(r.status, 'pass', `${op.id} ${c.name} (${isa}): ${r.reason}`);
    }
  }
}

/** Forward and backward give the same bits with one thread and with several. */
// biome-ignore lint/suspicious/noExplicitAny: ops of every attribute type
export async function assertThreadsAgree(op: Op<any>, c: OpCase<any>, threads = [1, 2, 5]): Promise<void> {
  const addon = loadAddon();
  const before = addon.threads();
  const stream = new Stream(3, c.name);
  const data = c.shapes.map((s) => s && stream.normals(sizeOf(s)).map(Math.fround));
  const device = await open();
  try {
    let first: Buffer[] | undefined;
    for (const n of threads) {
      addon.threads(n);
      const { outputs, gradInputs } = await runOp(device, op, c, data, new Stream(4, c.name));
      const bytes = [...outputs, ...gradInputs].flatMap((x) => (x ? [Buffer.from(x.buffer)] : []));
      first ??= bytes;
      for (const [i, b] of bytes.entries())
        assert.ok(b.equals(first[i]), `${op.id} ${c.name}: ${n} threads changed result ${i}`);
    }
  } finally {
    addon.threads(before);
  }
}
