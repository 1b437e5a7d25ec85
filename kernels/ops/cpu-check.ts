/** For tests of ops on the CPU: instruction sets one by one, and large cases with several numbers of threads. */
import assert from 'node:assert/strict';
import { open } from '../device/cpu.ts';
import type { Device } from '../device/device.ts';
import { loadAddon } from '../native/addon.ts';
import { Stream } from '../tensor/random.ts';
import { runOp } from './check.ts';
import { type Op, type OpCase, sizeOf } from './op.ts';

/** The CPU with the kernels of one instruction set; `poison`: its memory starts as NaN. */
export async function openIsa(isa: string, { poison = false } = {}): Promise<Device> {
  const before = { LONGCONV_ISA: process.env.LONGCONV_ISA, LONGCONV_POISON: process.env.LONGCONV_POISON };
  process.env.LONGCONV_ISA = isa;
  if (poison) process.env.LONGCONV_POISON = '1';
  try {
    return await open();
  } finally {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
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
