/** From parameters to a convolution kernel: S4, S4D, SGConv and Long Conv, forward and backward. */
import { longconvKernel } from '../../kernels/ops/longconv-kernel/op.ts';
import { s4Kernel } from '../../kernels/ops/s4-kernel/op.ts';
import { s4dKernel } from '../../kernels/ops/s4d-kernel/op.ts';
import { sgconvKernel } from '../../kernels/ops/sgconv-kernel/op.ts';
import type { Stream } from '../../kernels/tensor/random.ts';
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { type OpTask, opCandidate, type TaskInput, taskPasses } from '../measure/op-task.ts';
import type { Group } from '../measure/workload.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

const models = ['s4', 's4d', 'sgconv', 'long-conv'] as const;
type Model = (typeof models)[number];

/** Modes N/2 of the state spaces, and base length d of SGConv, as published on LRA. */
const modes = 32;
const base = 32;

const values = (n: number, f: (i: number) => number) => () => Float64Array.from({ length: n }, (_, i) => f(i));
const pairs = (n: number, f: (i: number) => number) => values(2 * n, (i) => (i % 2 ? 0 : f(i >> 1)));

/** Parameters of a state space at its usual start: steps over [1e-3, 1e-1], real parts -1/2, frequencies pi n. */
const stateSpace = (H: number): Record<'invDt' | 'aReal' | 'aImag' | 'P' | 'B' | 'C', TaskInput> => ({
  invDt: { shape: [H, 1], values: (s: Stream) => s.uniforms(H, Math.log(1e-3), Math.log(1e-1)) },
  aReal: { shape: [1, modes], values: values(modes, () => Math.log(0.5)) },
  aImag: { shape: [1, modes], values: values(modes, (n) => Math.PI * Math.max(n, 1e-3)) },
  P: { shape: [1, 1, modes, 2], values: pairs(modes, (n) => Math.sqrt(n + 0.5)) },
  B: { shape: [1, 1, modes, 2], values: pairs(modes, (n) => Math.sqrt(2 * n + 1)) },
  C: { shape: [1, H, modes, 2], scale: Math.SQRT1_2 },
});

function task(model: Model, H: number, L: number): OpTask {
  const p = stateSpace(H);
  const scales = Math.max(1, 1 + Math.ceil(Math.log2(L / base)));
  switch (model) {
    case 's4':
      return {
        op: 's4-kernel',
        inputs: [p.invDt, p.aReal, p.aImag, p.P, p.B, p.C],
        forward: (t, [invDt, aReal, aImag, P, B, C]) =>
          s4Kernel(t, { invDt, aReal, aImag, P, B, C }, { length: L, internalLength: L }),
      };
    case 's4d':
      return {
        op: 's4d-kernel',
        inputs: [p.invDt, p.aReal, p.aImag, p.B, p.C],
        forward: (t, [invDt, aReal, aImag, B, C]) =>
          s4dKernel(t, { invDt, aReal, aImag, B, C }, { length: L, disc: 'zoh' }),
      };
    case 'sgconv':
      return {
        op: 'sgconv-kernel',
        inputs: [{ shape: [scales, 1, H, base] }, { shape: [1, H, 1], values: values(H, () => 10), grad: false }],
        forward: (t, [w, norm]) =>
          sgconvKernel(t, w, norm, null, {
            mode: 'cat',
            interpolation: 'linear',
            decayMin: 2,
            decayMax: 2,
            length: L,
          }),
      };
    case 'long-conv':
      return {
        op: 'longconv-kernel',
        inputs: [{ shape: [1, H, L], scale: 0.002 }],
        forward: (t, [K]) => longconvKernel(t, K, { lambda: 0.003 }),
      };
  }
}

const width = (o: SuiteOptions) => o.width ?? (o.scale === 'quick' ? 64 : 256);

const suite: Suite = {
  id: 'ssm-kernels',
  title: 'Convolution kernels of state spaces and long convolutions',
  claim: 'Making the kernel costs little beside the convolution, and less the simpler the parametrisation.',
  models,
  lengths: { quick: [1024, 4096, 16384], full: [1024, 4096, 16384, 65536, 262144] },
  columns: [
    columns.text('model', 'Kernel'),
    columns.length,
    columns.text('pass', 'Pass'),
    columns.milliseconds,
    columns.gflops,
    columns.peak,
    columns.roofline,
    columns.speedup('Speedup'),
    columns.text('implementation', 'Implementation'),
  ],
  caption: (options) => [
    `${width(options)} channels; S4 and S4D with ${2 * modes} states, SGConv with base length ${base}. Speedup over S4.`,
  ],
  async groups(device, options) {
    const H = width(options);
    const wanted = models.filter((m) => options.models?.includes(m) ?? true);
    return (options.lengths ?? suite.lengths[options.scale]).flatMap((L) =>
      taskPasses.map(
        (pass): Group => ({
          name: `${showLength(L)}, ${pass}`,
          baseline: 's4',
          weight: (pass === 'forward' ? 1 : 4) * H * L * modes * 40,
          data: { kind: 'synthetic shape', checksum: null },
          tokens: null,
          candidates: wanted.map((model) => {
            const small = Math.min(L, 2048);
            return opCandidate(device, {
              id: model,
              task: task(model, H, L),
              small: task(model, 3, small),
              smallName: `length ${small}, 3 channels`,
              // Phases grow with length times frequency, and float32 parameters carry their rounding into them.
              tolerance: model === 's4' || model === 's4d' ? 2e-4 : 1e-5,
              pass,
              seed: options.seed,
              config: { suite: 'ssm-kernels', model, channels: H, length: L, modes, base },
              row: { candidate: model, model, length: L, width: H },
            });
          }),
        }),
      ),
    );
  },
};
export default suite;
