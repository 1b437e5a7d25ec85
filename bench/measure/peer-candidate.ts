/** A task in another library as a candidate: a process of its own, on the same threads. */
import type { Device } from '../../kernels/device/device.ts';
import type { BenchRecord, Row } from '../../results/record.ts';
import { UsageError } from '../../results/terminal/errors.ts';
import { Peer, type PeerId, type PeerTask } from '../peers/peer.ts';
import { referenceSums } from '../peers/reference.ts';
import type { TaskPass } from './op-task.ts';
import type { Candidate } from './workload.ts';
import { againstReference, worstError } from './worst.ts';

/** Opens each peer once, so that one that is not installed is refused before anything is measured. */
export async function requirePeers(ids: readonly string[], device: Device): Promise<void> {
  if (ids.length && device.info.id !== 'cpu')
    throw new UsageError(`peers are measured on the processor: use --device cpu with --peer ${ids.join(',')}`);
  for (const id of ids) (await Peer.open(id as PeerId)).close();
}

export interface PeerCandidate {
  id: PeerId;
  task: PeerTask;
  /** The same computation small enough for the float64 reference. */
  small: PeerTask;
  /** What `small` is, for the record. */
  smallName: string;
  tolerance: number;
  pass: TaskPass;
  /** Upper estimate of the float32 numbers that it holds. */
  floats: number;
  config: BenchRecord['config'];
  row: Row;
}

export function peerCandidate(device: Device, o: PeerCandidate): Candidate {
  const { id, pass } = o;
  const threads = device.info.threads ?? 1;
  return {
    id,
    estimate: 4 * o.floats,
    config: { ...o.config, peer: id, pass },
    row: { candidate: id, ...o.row, pass },
    check: () => check(o, threads),
    async build() {
      const peer = await Peer.open(id);
      return {
        implementation: peer.name,
        sample: async () => {
          const { seconds } = await peer.ask({ ...o.task, pass, threads, repeats: 1 });
          return seconds[0] * 1e3;
        },
        cost: () => null,
        dispose: () => peer.close(),
      };
    },
  };
}

/** Sums of squares of all results against those of our float64 reference on the same inputs. */
async function check(o: PeerCandidate, threads: number): Promise<BenchRecord['error']> {
  using peer = await Peer.open(o.id);
  const { sums } = await peer.ask({ ...o.small, pass: o.pass, threads, repeats: 1 });
  const wanted = await referenceSums(o.small, o.pass);
  const errors = [...wanted].map(
    ([name, want]) => [`sum of squares of ${name}`, Math.abs(sums[name] / want - 1)] as const,
  );
  return againstReference(`${o.id}, ${o.smallName}, ${o.pass}`, o.tolerance, worstError(errors));
}
