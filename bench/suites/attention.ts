/** Exact attention, materialised and flash, forward and backward. */
import { attention } from '../../kernels/ops/attention/op.ts';
import { flashAttention } from '../../kernels/ops/flash-attention/op.ts';
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { type OpTask, opCandidate, type TaskPass, taskPasses } from '../measure/op-task.ts';
import { peerCandidate, requirePeers } from '../measure/peer-candidate.ts';
import type { Group } from '../measure/workload.ts';
import { type PeerId, peersOf } from '../peers/peer.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

const forms = ['attention', 'flash-attention'] as const;
type Form = (typeof forms)[number];

function task(form: Form, B: number, L: number, h: number, d: number): OpTask {
  const run = form === 'attention' ? attention : flashAttention;
  return {
    op: form,
    inputs: Array.from({ length: 3 }, () => ({ shape: [B, L, h, d] })),
    forward: (t, [q, k, v]) => run(t, q, k, v).o,
  };
}

/** Width is divided into heads of 32, as in the LRA models. */
function sizes(o: SuiteOptions) {
  const width = o.width ?? (o.scale === 'quick' ? 64 : 256);
  const d = width % 32 === 0 ? 32 : width;
  return { batch: o.batch ?? 1, heads: width / d, d };
}

const shared = (L: number, pass: TaskPass) => ({ smallName: `length ${Math.min(L, 211)}`, tolerance: 2e-5, pass });

const suite: Suite = {
  id: 'attention',
  title: 'Exact attention',
  claim: 'Flash attention computes the same as materialised attention, faster and in linear memory.',
  models: forms,
  peers: peersOf.attention,
  lengths: { quick: [512, 1024, 2048], full: [1024, 2048, 4096, 8192, 16384] },
  columns: [
    columns.text('model', 'Operator'),
    columns.length,
    columns.text('pass', 'Pass'),
    columns.milliseconds,
    columns.gflops,
    columns.peak,
    columns.roofline,
    columns.speedup('Speedup'),
    columns.text('implementation', 'Implementation'),
  ],
  caption(options) {
    const { batch, heads, d } = sizes(options);
    return [
      `Batch ${batch}, ${heads} heads of ${d}, not causal. Speedup over ${options.peers[0] ?? 'materialised attention'}.`,
    ];
  },
  async groups(device, options) {
    const { batch, heads, d } = sizes(options);
    await requirePeers(options.peers, device);
    const wanted = forms.filter((f) => options.models?.includes(f) ?? true);
    return (options.lengths ?? suite.lengths[options.scale]).flatMap((L) =>
      taskPasses.map(
        (pass): Group => ({
          name: `${showLength(L)}, ${pass}`,
          baseline: options.peers[0] ?? 'attention',
          weight: (pass === 'forward' ? 4 : 14) * (wanted.length + options.peers.length) * batch * heads * d * L ** 2,
          data: { kind: 'synthetic shape', checksum: null },
          tokens: batch * L,
          candidates: [
            ...options.peers.map((id) =>
              peerCandidate(device, {
                ...shared(L, pass),
                id: id as PeerId,
                task: { op: 'attention', B: batch, L, h: heads, d, causal: false },
                small: { op: 'attention', B: 1, L: Math.min(L, 211), h: Math.min(heads, 2), d, causal: false },
                // Scores, scaled scores, their softmax, and the gradients of these.
                floats: batch * heads * L * (6 * L + 12 * d) + 2 ** 24,
                config: { suite: 'attention', operator: 'attention', batch, length: L, heads, d, causal: false },
                row: { model: id, length: L, batch, heads, d },
              }),
            ),
            ...wanted.map((form) =>
              opCandidate(device, {
                ...shared(L, pass),
                id: form,
                task: task(form, batch, L, heads, d),
                small: task(form, 1, Math.min(L, 211), Math.min(heads, 2), d),
                seed: options.seed,
                config: { suite: 'attention', operator: form, batch, length: L, heads, d, causal: false },
                row: { candidate: form, model: form, length: L, batch, heads, d },
              }),
            ),
          ],
        }),
      ),
    );
  },
};
export default suite;
