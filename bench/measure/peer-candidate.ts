/** The long convolution of another library as a candidate: a process of its own, on the same threads. */
import type { Device } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import type { BenchRecord, Row } from '../../results/record.ts';
import { UsageError } from '../../results/terminal/errors.ts';
import { Peer, type PeerId, peerValue } from '../peers/peer.ts';
import type { TaskPass } from './op-task.ts';
import type { Candidate } from './workload.ts';

export interface ConvolutionSize {
  B: number;
  H: number;
  L: number;
}

/** Opens each peer once, so that one that is not installed is refused before anything is measured. */
export async function requirePeers(ids: readonly string[], device: Device): Promise<void> {
  if (ids.length && device.info.id !== 'cpu')
    throw new UsageError(`peers are measured on the processor: use --device cpu with --peer ${ids.join(',')}`);
  for (const id of ids) (await Peer.open(id as PeerId)).close();
}

export function peerCandidate(device: Device, id: PeerId, pass: TaskPass, size: ConvolutionSize, row: Row): Candidate {
  const threads = device.info.threads ?? 1;
  return {
    id,
    // Input, kernel, their padded spectra and products, and the same again for the gradients.
    estimate: 4 * 12 * (size.B + 1) * size.H * size.L,
    config: { suite: 'long-conv', peer: id, sides: 'causal', ...size, pass },
    row: { candidate: id, model: id, ...row, pass },
    check: () => check(id, pass, { B: 2, H: 3, L: Math.min(size.L, 1000) }, threads),
    async build() {
      const peer = await Peer.open(id);
      return {
        implementation: peer.name,
        sample: async () => {
          const { seconds } = await peer.ask({ op: 'fft-conv', pass, ...size, threads, repeats: 1 });
          return seconds[0] * 1e3;
        },
        cost: () => null,
        dispose: () => peer.close(),
      };
    },
  };
}

/** Sums of squares of all results against those of our float64 reference on the same inputs. */
async function check(
  id: PeerId,
  pass: TaskPass,
  size: ConvolutionSize,
  threads: number,
): Promise<BenchRecord['error']> {
  using peer = await Peer.open(id);
  const { sums } = await peer.ask({ op: 'fft-conv', pass, ...size, threads, repeats: 1 });
  let worst = { value: 0, name: 'y' };
  for (const [name, want] of await referenceSums(pass, size)) {
    const value = Math.abs(sums[name] / want - 1);
    if (!(value <= worst.value)) worst = { value, name };
  }
  return {
    value: Number.isFinite(worst.value) ? worst.value : Number.MAX_VALUE,
    tolerance: 1e-5,
    worst: `sum of squares of ${worst.name}`,
    against: 'reference/float64',
    case: `${id}, length ${size.L}, ${pass}`,
  };
}

async function referenceSums(pass: TaskPass, { B, H, L }: ConvolutionSize): Promise<Map<string, number>> {
  const grad = pass !== 'forward';
  using t = new Tape(await openDevice('reference'), { grad });
  const values = (stream: number, n: number, scale = 1) =>
    Float64Array.from({ length: n }, (_, i) => Math.fround(peerValue(stream, i) * scale));
  const inputs = [
    t.tensor(values(0, B * H * L), [B, H, L], 'real', grad),
    t.tensor(values(1, H * L, 1 / Math.sqrt(L)), [1, H, L], 'real', grad),
    t.tensor(values(2, H), [1, H], 'real', grad),
  ];
  const squares = async (x: Promise<ArrayLike<number>>) => Array.from(await x).reduce((a, b) => a + b * b, 0);
  const y = fftConv(t, inputs[0], inputs[1], inputs[2], { sides: 'causal' });
  const sums = new Map([['y', await squares(y.read())]]);
  if (!grad) return sums;
  const grads = t.backward(y, t.tensor(values(3, B * H * L), y.shape), inputs);
  for (const [i, name] of ['du', 'dk', 'dD'].entries()) {
    const g = grads[i];
    if (g) sums.set(name, await squares(g.read()));
  }
  for (const x of inputs) {
    x.grad?.dispose();
    x.grad = null;
  }
  return sums;
}
