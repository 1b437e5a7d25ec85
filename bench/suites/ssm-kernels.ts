/** From parameters to a convolution kernel: every system that has one, forward and backward. */
import { systems } from '../../models/systems.ts';
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { hasKernel, type KernelTask, kernelCandidate } from '../measure/kernel-task.ts';
import { taskPasses } from '../measure/op-task.ts';
import type { Group } from '../measure/workload.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

/** One system per mixer: the others of a mixer differ in their initial values. */
const timed = systems.filter((s, i) => systems.findIndex((o) => o.definition === s.definition) === i && hasKernel(s));

/** Options of the published LRA models; those that a mixer does not have do not apply. */
const published = { states: 64, kernelDim: 32, kernelDropout: 0, bidirectional: false, channels: 1 };

function task(id: string, width: number, length: number): KernelTask {
  const system = timed.find((s) => s.id === id) as (typeof timed)[number];
  const known = Object.entries(published).filter(([key]) => key in system.definition.defaults);
  return { system, options: Object.fromEntries(known), width, length };
}

const width = (o: SuiteOptions) => o.width ?? (o.scale === 'quick' ? 64 : 256);

const suite: Suite = {
  id: 'ssm-kernels',
  title: 'Convolution kernels of state spaces and long convolutions',
  claim: 'Making the kernel costs little beside the convolution, and less the simpler the parametrisation.',
  models: timed.map((s) => s.id),
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
    `${width(options)} channels, one kernel each, at their initial values; state spaces with 64 states (32 modes where they come in conjugate pairs), SGConv with base length 32. Speedup over S4.`,
  ],
  async groups(device, options) {
    const H = width(options);
    const wanted = suite.models.filter((m) => options.models?.includes(m) ?? true);
    return (options.lengths ?? suite.lengths[options.scale]).flatMap((L) =>
      taskPasses.map(
        (pass): Group => ({
          name: `${showLength(L)}, ${pass}`,
          baseline: 's4',
          weight: (pass === 'forward' ? 1 : 4) * H * L * 32 * 40,
          data: { kind: 'synthetic shape', checksum: null },
          tokens: null,
          candidates: wanted.map((model) =>
            kernelCandidate(device, {
              task: task(model, H, L),
              small: task(model, 4, Math.min(L, 2048)),
              // Phases grow with length times frequency, and float32 parameters carry their rounding into them.
              tolerance: 2e-4,
              pass,
              seed: options.seed,
              config: { suite: 'ssm-kernels' },
              row: {},
            }),
          ),
        }),
      ),
    );
  },
};
export default suite;
