/**
 * The SGConv block against the S4 block: the same layer around another kernel. The SGConv paper's table 2 gives
 * milliseconds per batch of inference and of backpropagation, 128 channels, batch 64, on a processor and on a graphics
 * card that it does not name; its numbers and lengths were not found.
 */
import type { Row } from '../../results/record.ts';
import { show } from '../../results/tables.ts';
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { type MixerTask, mixerCandidate } from '../measure/mixer-task.ts';
import { taskPasses } from '../measure/op-task.ts';
import type { Group } from '../measure/workload.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

/** Both as published on LRA: two-sided, S4 with 64 modes, SGConv with a base length of 32. */
const blocks: Record<string, MixerTask['block']> = {
  sgconv: { mixer: 'sgconv', config: { kernelDim: 32, bidirectional: true } },
  s4: { mixer: 's4', config: { states: 64, bidirectional: true } },
  s4d: { mixer: 's4d', config: { states: 64, bidirectional: true } },
  'long-conv': { mixer: 'long-conv', config: { bidirectional: true } },
};
const models = Object.keys(blocks);

const sizes = ({ scale, batch, width }: SuiteOptions) => ({
  batch: batch ?? (scale === 'quick' ? 4 : 64),
  width: width ?? 128,
});

const suite: Suite = {
  id: 'sgconv-vs-s4',
  title: 'SGConv block against S4 block',
  claim: 'An SGConv block is faster than an S4 block, forward and backward.',
  models,
  lengths: { quick: [1024, 4096], full: [1024, 2048, 4096, 8192, 16384] },
  columns: [
    columns.length,
    columns.text('pass', 'Pass'),
    columns.text('model', 'Block'),
    columns.milliseconds,
    columns.gflops,
    columns.peak,
    columns.roofline,
    columns.speedup('Speedup'),
  ],
  caption(options, rows) {
    const { batch, width } = sizes(options);
    return [
      `One layer of each paper: convolution, GELU, dense map with GLU; ${width} channels, batch ${batch}, two-sided. The kernel is made from the parameters in every pass. Speedup over S4.`,
      ...overall(rows),
    ];
  },
  async groups(device, options) {
    const { batch, width } = sizes(options);
    const wanted = models.filter((m) => options.models?.includes(m) ?? true);
    const groups: Group[] = [];
    for (const length of options.lengths ?? suite.lengths[options.scale])
      for (const pass of taskPasses) {
        const candidates = await Promise.all(
          wanted.map((model) =>
            mixerCandidate(device, {
              id: model,
              task: { block: blocks[model], batch, length, width },
              small: { block: blocks[model], batch: 2, length: Math.min(length, 1000), width: Math.min(width, 8) },
              tolerance: 5e-4,
              pass,
              seed: options.seed,
              config: { suite: 'sgconv-vs-s4', batch, length, width, model, block: { ...blocks[model].config } },
              row: { candidate: model, model, length, batch, width },
              op: 'fft-conv',
            }),
          ),
        );
        groups.push({
          name: `${showLength(length)}, ${pass}`,
          baseline: 's4',
          weight: candidates.reduce((n, c) => n + c.flops, 0),
          data: { kind: 'synthetic shape', checksum: null },
          tokens: batch * length,
          candidates,
        });
      }
    return groups;
  },
};
export default suite;

/** `SGConv over S4, forward: 1.4 to 2.1.` */
const overall = (rows: readonly Row[]): string[] =>
  taskPasses.flatMap((pass) => {
    const found = rows
      .filter((r) => r.model === 'sgconv' && r.pass === pass && typeof r.speedup === 'number')
      .map((r) => Number(r.speedup));
    const ends = [...new Set([Math.min(...found), Math.max(...found)])].map((x) => show(x));
    return found.length ? [`SGConv over S4, ${pass}: ${ends.join(' to ')} times as fast.`] : [];
  });
