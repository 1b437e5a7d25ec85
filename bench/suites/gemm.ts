/** Matrix products of the shapes that models consist of, forward and backward. */
import { matmul } from '../../kernels/ops/matmul/op.ts';
import type { Shape } from '../../kernels/ops/op.ts';
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { type OpTask, opCandidate, taskPasses } from '../measure/op-task.ts';
import { peerCandidate, requirePeers } from '../measure/peer-candidate.ts';
import type { Group } from '../measure/workload.ts';
import { type PeerId, type ProductTask, peersOf } from '../peers/peer.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

const forms = ['linear', 'square', 'channels-first'] as const;
type Form = (typeof forms)[number];

/** linear: (L, W) by (W, W); square: L = W; channels-first: (B, W, L)^T by (W, W), what a convolution layer does. */
function product(form: Form, B: number, L: number, W: number): OpTask {
  const shapes: Record<Form, Shape[]> = {
    linear: [
      [B * L, W],
      [W, W],
    ],
    square: [
      [L, L],
      [L, L],
    ],
    'channels-first': [
      [B, W, L],
      [W, W],
    ],
  };
  return {
    op: 'matmul',
    inputs: shapes[form].map((shape) => ({ shape })),
    forward: (t, [a, b]) => matmul(t, a, b, { transA: form === 'channels-first', transB: true }),
  };
}

/** The same for a peer. */
function peerProduct(form: Form, B: number, L: number, W: number): ProductTask {
  switch (form) {
    case 'linear':
      return { op: 'gemm', batch: 1, M: B * L, N: W, K: W, transA: false };
    case 'square':
      return { op: 'gemm', batch: 1, M: L, N: L, K: L, transA: false };
    case 'channels-first':
      return { op: 'gemm', batch: B, M: L, N: W, K: W, transA: true };
  }
}

const sizes = (o: SuiteOptions) => ({ batch: o.batch ?? 4, width: o.width ?? (o.scale === 'quick' ? 128 : 512) });

const against = columns.speedup('Speedup');

const suite: Suite = {
  id: 'gemm',
  title: 'Matrix products',
  claim: 'Dense layers run near the arithmetic peak of the machine.',
  models: forms,
  peers: peersOf.gemm,
  lengths: { quick: [256, 512, 1024], full: [256, 512, 1024, 2048, 4096] },
  columns: [
    columns.text('model', 'Form'),
    columns.text('shape', 'Shape'),
    columns.text('pass', 'Pass'),
    columns.milliseconds,
    columns.gflops,
    columns.roofline,
    // Against a peer; there is nothing to compare without one.
    { ...against, text: (v, r) => (r.baseline === 'longconv' ? '-' : (against.text?.(v, r) ?? '-')) },
    columns.text('implementation', 'Implementation'),
  ],
  caption(options) {
    const { batch, width } = sizes(options);
    return [
      `linear: (${batch} L, ${width}) by (${width}, ${width}); square: (L, L) by (L, L); channels-first: ${batch} times (${width}, L)^T by (${width}, ${width}).`,
      ...(options.peers.length ? [`Speedup over ${options.peers[0]}.`] : []),
    ];
  },
  async groups(device, options) {
    const { batch, width } = sizes(options);
    await requirePeers(options.peers, device);
    const groups: Group[] = [];
    for (const form of forms.filter((f) => options.models?.includes(f) ?? true))
      for (const L of options.lengths ?? suite.lengths[options.scale])
        for (const pass of taskPasses) {
          const task = product(form, batch, L, width);
          const [a, b] = task.inputs.map((i) => i.shape.join('x'));
          const config = { suite: 'gemm', form, batch, length: L, width };
          const row = { model: form, length: L, batch, width, shape: `${a} ${b}` };
          const reduced = [Math.min(batch, 2), Math.min(L, 93), Math.min(width, 71)] as const;
          const shared = { smallName: 'reduced to at most 93 by 71', tolerance: 1e-5, pass, config };
          const { batch: n, M, N, K } = peerProduct(form, batch, L, width);
          groups.push({
            name: `${form}, ${showLength(L)}, ${pass}`,
            baseline: options.peers[0] ?? 'longconv',
            weight:
              (1 + options.peers.length) *
              (pass === 'forward' ? 2 : 6) *
              (form === 'square' ? L ** 3 : batch * L * width ** 2),
            data: { kind: 'synthetic shape', checksum: null },
            tokens: null,
            candidates: [
              ...options.peers.map((id) =>
                peerCandidate(device, {
                  ...shared,
                  id: id as PeerId,
                  task: peerProduct(form, batch, L, width),
                  small: peerProduct(form, ...reduced),
                  // Operands, result, as much for the gradients, and the copies that the library packs.
                  floats: 3 * (n * M * (K + N) + N * K) + 2 ** 24,
                  row,
                }),
              ),
              opCandidate(device, {
                ...shared,
                id: 'longconv',
                task,
                small: product(form, ...reduced),
                seed: options.seed,
                row: { candidate: 'longconv', ...row },
              }),
            ],
          });
        }
    return groups;
  },
};
export default suite;
