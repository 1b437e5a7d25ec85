/** A peer computes what our op computes; a peer that is not installed is skipped with its own sentence. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { DeviceUnavailableError } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Peer, peerIds, peerValue } from './peer.ts';

const [B, H, L] = [3, 2, 100];

async function ours(): Promise<Record<string, number>> {
  using t = new Tape(await openDevice('reference'));
  const values = (stream: number, n: number, scale = 1) =>
    Float64Array.from({ length: n }, (_, i) => Math.fround(peerValue(stream, i) * scale));
  const u = t.tensor(values(0, B * H * L), [B, H, L], 'real', true);
  const k = t.tensor(values(1, H * L, 1 / Math.sqrt(L)), [1, H, L], 'real', true);
  const D = t.tensor(values(2, H), [1, H], 'real', true);
  const y = fftConv(t, u, k, D, { sides: 'causal' });
  const sums: Record<string, number> = {};
  const square = async (name: string, x: Promise<ArrayLike<number>> | undefined) => {
    sums[name] = Array.from((await x) ?? []).reduce((a, b) => a + b * b, 0);
  };
  await square('y', y.read());
  const grads = t.backward(y, t.tensor(values(3, B * H * L), y.shape), [u, k, D]);
  for (const [i, name] of ['du', 'dk', 'dD'].entries()) await square(name, grads[i]?.read());
  for (const x of [u, k, D]) x.grad?.dispose();
  return sums;
}

for (const id of peerIds)
  test(`the peer ${id} computes the same convolution`, async (context) => {
    let peer: Peer;
    try {
      peer = await Peer.open(id);
    } catch (e) {
      assert.ok(e instanceof DeviceUnavailableError, String(e));
      assert.match(e.message, /install/);
      return context.skip?.(e.message);
    }
    using open = peer;
    const want = await ours();
    for (const pass of ['forward', 'forward+backward'] as const) {
      const answer = await open.ask({ op: 'fft-conv', pass, B, H, L, threads: 2, repeats: 3 });
      assert.equal(answer.seconds.length, 3);
      for (const name of pass === 'forward' ? ['y'] : ['y', 'du', 'dk', 'dD'])
        assert.ok(Math.abs(answer.sums[name] / want[name] - 1) < 1e-5, `${name}: ${answer.sums[name]}, ${want[name]}`);
    }
    await assert.rejects(
      open.ask({ op: 'gemm', pass: 'forward', B, H, L, threads: 1, repeats: 1 } as never),
      /op gemm/,
    );
  });
