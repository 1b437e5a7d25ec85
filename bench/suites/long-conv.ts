/** Causal long convolution by FFT (fused, unfused, three-pass) and by Monarch transforms, forward and backward. */
import fftConvOp, { type ConvForm, fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { type OpTask, opCandidate, type TaskPass, taskPasses } from '../measure/op-task.ts';
import { peerCandidate, requirePeers } from '../measure/peer-candidate.ts';
import type { Group } from '../measure/workload.ts';
import { type PeerId, peersOf } from '../peers/peer.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

const forms = ['fused', 'unfused', 'three-pass', 'monarch'] as const satisfies readonly ConvForm[];

function task(form: ConvForm, B: number, H: number, L: number): OpTask {
  return {
    op: form === 'monarch' ? 'monarch-conv' : 'fft-conv',
    inputs: [{ shape: [B, H, L] }, { shape: [1, H, L], scale: 1 / Math.sqrt(L) }, { shape: [1, H] }],
    forward: (t, [u, k, D]) => fftConv(t, u, k, D, { sides: 'causal', form }),
  };
}

/** What the FFT needs for the same result. */
function useful(B: number, H: number, L: number, pass: TaskPass): number {
  const { forward, backward } = fftConvOp.cost(
    [
      [B, H, L],
      [1, H, L],
      [1, H],
    ],
    { sides: 'causal', form: 'fused' },
  );
  return forward.flops + (pass === 'forward' ? 0 : backward.flops);
}

const sizes = (o: SuiteOptions) => ({ batch: o.batch ?? 4, width: o.width ?? (o.scale === 'quick' ? 64 : 256) });

const suite: Suite = {
  id: 'long-conv',
  title: 'Long convolution',
  claim: 'A fused FFT convolution is faster than one that is put together from library FFTs.',
  models: forms,
  peers: peersOf['fft-conv'],
  lengths: { quick: [1024, 4096, 16384], full: [1024, 4096, 16384, 65536, 262144] },
  columns: [
    columns.text('model', 'Form'),
    columns.length,
    columns.text('pass', 'Pass'),
    columns.milliseconds,
    columns.gflops,
    columns.useful,
    columns.peak,
    columns.roofline,
    columns.speedup('Speedup'),
    columns.text('implementation', 'Implementation'),
  ],
  caption(options) {
    const { batch, width } = sizes(options);
    return [
      'GFLOP/s count what is carried out, for Monarch the dense matrix products; useful ones what an FFT needs. Three-pass is the fused form until a row has more than 64K elements.',
      `Batch ${batch}, ${width} channels, a kernel as long as the input. Speedup over ${options.peers[0] ?? 'the unfused form'}.`,
    ];
  },
  async groups(device, options) {
    const { batch, width } = sizes(options);
    await requirePeers(options.peers, device);
    const wanted = forms.filter((f) => options.models?.includes(f) ?? true);
    return (options.lengths ?? suite.lengths[options.scale]).flatMap((L) =>
      taskPasses.map(
        (pass): Group => ({
          name: `${showLength(L)}, ${pass}`,
          baseline: options.peers[0] ?? 'unfused',
          weight:
            (pass === 'forward' ? 1 : 3) *
            (wanted.length + options.peers.length) *
            batch *
            width *
            L *
            15 *
            Math.log2(2 * L),
          data: { kind: 'synthetic shape', checksum: null },
          tokens: batch * L,
          candidates: [
            ...options.peers.map((id) => {
              const small = Math.min(L, 1000);
              return peerCandidate(device, {
                id: id as PeerId,
                task: { op: 'fft-conv', B: batch, H: width, L },
                small: { op: 'fft-conv', B: 2, H: 3, L: small },
                smallName: `length ${small}, 3 channels`,
                tolerance: 1e-5,
                pass,
                // Input, kernel, their padded spectra and products, and the same again for the gradients.
                floats: 12 * (batch + 1) * width * L,
                config: { suite: 'long-conv', sides: 'causal', batch, width, length: L },
                row: { model: id, length: L, batch, width, useful_flops: useful(batch, width, L, pass) },
              });
            }),
            ...wanted.map((form) => {
              const small = Math.min(L, 4096);
              return opCandidate(device, {
                id: form,
                task: task(form, batch, width, L),
                small: task(form, 2, 3, small),
                smallName: `length ${small}, 3 channels`,
                tolerance: 1e-5,
                pass,
                seed: options.seed,
                config: { suite: 'long-conv', form, sides: 'causal', batch, width, length: L },
                row: {
                  candidate: form,
                  model: form,
                  length: L,
                  batch,
                  width,
                  useful_flops: useful(batch, width, L, pass),
                },
              });
            }),
          ],
        }),
      ),
    );
  },
};
export default suite;
