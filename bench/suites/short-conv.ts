/**
 * The short depthwise convolution that H3 and Hyena have before their gates, forward and backward. FlashFFTConv's README
 * measures it with 5 taps at batch 16, in half precision on an H100.
 */
import { add, mul } from '../../kernels/ops/binary/op.ts';
import { concat } from '../../kernels/ops/concat/op.ts';
import { shortConv } from '../../kernels/ops/short-conv/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { type OpTask, opCandidate, type TaskPass, taskPasses } from '../measure/op-task.ts';
import { peerCandidate, requirePeers } from '../measure/peer-candidate.ts';
import type { Group } from '../measure/workload.ts';
import { type PeerId, peersOf } from '../peers/peer.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

/** One kernel, or put together from shifted copies of the input, one for each tap. */
const forms = ['short-conv', 'by-taps'] as const;
type Form = (typeof forms)[number];

/** As published. */
const TAPS = 5;

function byTaps(t: Tape, x: Tensor, w: Tensor): Tensor {
  const [B, D, L] = x.shape;
  return t.scope(() => {
    const early = t.tensor(new Float64Array(B * D * (TAPS - 1)), [B, D, TAPS - 1]);
    const padded = concat(t, [early, x], 2);
    const terms = Array.from({ length: TAPS }, (_, j) =>
      mul(t, slice(t, padded, { axis: 2, start: j, length: L }), slice(t, w, { axis: 1, start: j, length: 1 })),
    );
    return terms.reduce((sum, term) => add(t, sum, term));
  });
}

const task = (form: Form, B: number, D: number, L: number): OpTask => ({
  op: 'short-conv',
  inputs: [{ shape: [B, D, L] }, { shape: [D, TAPS] }],
  forward: (t, [x, w]) => (form === 'short-conv' ? shortConv(t, x, w, null) : byTaps(t, x, w)),
});

const sizes = (o: SuiteOptions) => ({ batch: o.batch ?? 4, width: o.width ?? (o.scale === 'quick' ? 64 : 256) });

/** Every candidate's check and row. */
const shared = (B: number, D: number, L: number, pass: TaskPass) => ({
  ...{ smallName: `length ${Math.min(L, 1000)}, 3 channels`, tolerance: 1e-5, pass },
  config: { suite: 'short-conv', taps: TAPS, batch: B, width: D, length: L },
});

const suite: Suite = {
  id: 'short-conv',
  title: 'Short depthwise convolution',
  claim: 'A short depthwise convolution as one kernel is faster than a library convolution.',
  models: forms,
  peers: peersOf['short-conv'],
  lengths: { quick: [1024, 4096], full: [1024, 2048, 4096, 8192] },
  columns: [
    columns.text('model', 'Form'),
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
    const { batch, width } = sizes(options);
    return [
      `Batch ${batch}, ${width} channels, ${TAPS} taps for each, causal. Speedup over ${options.peers[0] ?? 'the form by taps'}.`,
    ];
  },
  async groups(device, options) {
    const { batch, width } = sizes(options);
    await requirePeers(options.peers, device);
    const wanted = forms.filter((f) => options.models?.includes(f) ?? true);
    return (options.lengths ?? suite.lengths[options.scale]).flatMap((L) =>
      taskPasses.map((pass): Group => {
        const row = { length: L, batch, width, taps: TAPS };
        const small = Math.min(L, 1000);
        return {
          name: `${showLength(L)}, ${pass}`,
          baseline: options.peers[0] ?? 'by-taps',
          weight: (pass === 'forward' ? 1 : 3) * (wanted.length + options.peers.length) * batch * width * L * 2 * TAPS,
          data: { kind: 'synthetic shape', checksum: null },
          tokens: batch * L,
          candidates: [
            ...options.peers.map((id) =>
              peerCandidate(device, {
                ...shared(batch, width, L, pass),
                id: id as PeerId,
                task: { op: 'short-conv', B: batch, D: width, L, K: TAPS },
                small: { op: 'short-conv', B: 2, D: 3, L: small, K: TAPS },
                // Input, padded input, output, and their gradients.
                floats: 8 * batch * width * (L + TAPS),
                row: { model: id, ...row },
              }),
            ),
            ...wanted.map((form) => {
              const common = shared(batch, width, L, pass);
              return opCandidate(device, {
                ...common,
                id: form,
                task: task(form, batch, width, L),
                small: task(form, 2, 3, small),
                seed: options.seed,
                config: { ...common.config, form },
                row: { candidate: form, model: form, ...row },
              });
            }),
          ],
        };
      }),
    );
  },
};
export default suite;
