/** A peer computes what our op computes; a peer that is not installed is skipped with its own sentence. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { DeviceUnavailableError } from '../../kernels/device/device.ts';
import { Peer, type PeerTask, peerIds, peersOf } from './peer.ts';
import { referenceSums } from './reference.ts';

const tasks: PeerTask[] = [
  { op: 'fft-conv', B: 3, H: 2, L: 100 },
  { op: 'gemm', batch: 1, M: 37, N: 53, K: 29, transA: false },
  { op: 'gemm', batch: 3, M: 31, N: 17, K: 43, transA: true },
  { op: 'attention', B: 2, L: 37, h: 3, d: 8, causal: false },
  { op: 'attention', B: 2, L: 37, h: 3, d: 8, causal: true },
  { op: 'short-conv', B: 2, D: 3, L: 101, K: 5 },
];

for (const id of peerIds)
  test(`the peer ${id} computes the same as our operators`, async (context) => {
    let peer: Peer;
    try {
      peer = await Peer.open(id);
    } catch (e) {
      assert.ok(e instanceof DeviceUnavailableError, String(e));
      assert.match(e.message, /install/);
      return context.skip?.(e.message);
    }
    using open = peer;
    const can = (task: PeerTask) => (peersOf[task.op] as readonly string[]).includes(id);
    assert.ok(tasks.some(can));
    for (const task of tasks.filter(can))
      for (const pass of ['forward', 'backward', 'forward+backward'] as const) {
        const want = await referenceSums(task, pass);
        const answer = await open.ask({ ...task, pass, threads: 2, repeats: 3 });
        assert.equal(answer.seconds.length, 3);
        assert.deepEqual(Object.keys(answer.sums).sort(), [...want.keys()].sort());
        for (const [name, value] of want) {
          const got = answer.sums[name];
          assert.ok(Math.abs(got / value - 1) < 1e-5, `${JSON.stringify(task)}, ${pass}, ${name}: ${got}, ${value}`);
        }
      }
    for (const task of tasks.filter((t) => !can(t)))
      await assert.rejects(
        open.ask({ ...task, pass: 'forward', threads: 1, repeats: 1 }),
        new RegExp(`unknown op ${task.op}`),
      );
  });

test('an OpenBLAS that does not load is refused with what to install', async (context) => {
  const before = process.env.LONGCONV_OPENBLAS;
  process.env.LONGCONV_OPENBLAS = '/nonexistent/libopenblas.so.0';
  try {
    await assert.rejects(Peer.open('openblas'), (e) => {
      assert.ok(e instanceof DeviceUnavailableError, String(e));
      if (/did not compile/.test(e.message)) context.skip?.(e.message);
      else assert.match(e.message, /nonexistent.* does not load: install it with .*libopenblas0-pthread/);
      return true;
    });
  } finally {
    if (before === undefined) delete process.env.LONGCONV_OPENBLAS;
    else process.env.LONGCONV_OPENBLAS = before;
  }
});
