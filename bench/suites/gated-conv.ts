/**
 * The gated long convolution y = v (k * (u w)) that H3, Hyena and their kin are made of, forward and backward.
 * FlashFFTConv measures it at batch 64 and 768 channels, lengths 256 to 4M, in half precision on an H100.
 */
import { mul } from '../../kernels/ops/binary/op.ts';
import { type ConvForm, fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { findRows, loadPublished } from '../../results/published/published.ts';
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { type OpTask, opCandidate, taskPasses } from '../measure/op-task.ts';
import type { Group } from '../measure/workload.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

const forms = ['fused', 'unfused', 'three-pass', 'monarch'] as const satisfies readonly ConvForm[];

function task(form: ConvForm, B: number, H: number, L: number): OpTask {
  const input = { shape: [B, H, L] };
  return {
    op: form === 'monarch' ? 'monarch-conv' : 'fft-conv',
    inputs: [input, input, input, { shape: [1, H, L], scale: 1 / Math.sqrt(L) }, { shape: [1, H] }],
    forward: (t, [u, w, v, k, D]) =>
      t.scope(() => mul(t, v, fftConv(t, mul(t, u, w), k, D, { sides: 'causal', form }))),
  };
}

const sizes = (o: SuiteOptions) => ({ batch: o.batch ?? 4, width: o.width ?? (o.scale === 'quick' ? 64 : 256) });

const suite: Suite = {
  id: 'gated-conv',
  title: 'Gated long convolution',
  claim: 'A gated convolution by dense matrix products is faster than one that is put together from library FFTs.',
  models: forms,
  lengths: { quick: [1024, 4096, 16384], full: [256, 1024, 4096, 16384, 65536, 262144, 1048576] },
  columns: [
    columns.text('model', 'Form'),
    columns.length,
    columns.text('pass', 'Pass'),
    columns.milliseconds,
    columns.gflops,
    columns.peak,
    columns.roofline,
    columns.speedup('Speedup'),
  ],
  caption(options) {
    const { batch, width } = sizes(options);
    const found = findRows('flashfftconv-speed', { model: 'speedup' }).map(
      (r) => `${showLength(r.length ?? 0)} ${r.value}x`,
    );
    return [
      `Batch ${batch}, ${width} channels, a kernel as long as the input, causal, two gates. Speedup over the unfused form.`,
      `Published, FlashFFTConv over PyTorch: ${found.join(', ')}; ${loadPublished('flashfftconv-speed').hardware}; not this machine.`,
    ];
  },
  async groups(device, options) {
    const { batch, width } = sizes(options);
    const wanted = forms.filter((f) => options.models?.includes(f) ?? true);
    return (options.lengths ?? suite.lengths[options.scale]).flatMap((L) =>
      taskPasses.map(
        (pass): Group => ({
          name: `${showLength(L)}, ${pass}`,
          baseline: 'unfused',
          weight: (pass === 'forward' ? 1 : 3) * wanted.length * batch * width * L * 15 * Math.log2(2 * L),
          data: { kind: 'synthetic shape', checksum: null },
          tokens: batch * L,
          candidates: wanted.map((form) => {
            const small = Math.min(L, 4096);
            return opCandidate(device, {
              id: form,
              task: task(form, batch, width, L),
              small: task(form, 2, 3, small),
              smallName: `length ${small}, 3 channels`,
              tolerance: 1e-5,
              pass,
              seed: options.seed,
              config: { suite: 'gated-conv', form, sides: 'causal', batch, width, length: L },
              row: { candidate: form, model: form, length: L, batch, width },
            });
          }),
        }),
      ),
    );
  },
};
export default suite;
