/**
 * From which length on Hyena is faster than attention: the whole operators with their projections, causal, forward and
 * backward. The paper's Figure 4.3 does this at batch 64 on an A100.
 */
import { findRows, loadPublished, rowConfidence } from '../../results/published/published.ts';
import type { Row } from '../../results/record.ts';
import { type Column, showInterval } from '../../results/tables.ts';
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { showCrossover } from '../measure/crossover.ts';
import { type MixerTask, mixerCandidate } from '../measure/mixer-task.ts';
import { taskPasses } from '../measure/op-task.ts';
import type { Group } from '../measure/workload.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

const models = ['hyena', 'attention', 'flash-attention'] as const;
type Model = (typeof models)[number];
const rivals = models.filter((m) => m !== 'hyena');

/** Heads of 64, as in the language models of this width. */
const headsOf = (width: number): number => (width % 64 === 0 ? width / 64 : 1);

const task = (model: Model, batch: number, length: number, width: number): MixerTask => ({
  block:
    model === 'hyena'
      ? { mixer: 'hyena', config: { order: 2, features: 33, frequency: 14 } }
      : { mixer: model, config: { heads: headsOf(width), causal: true } },
  batch,
  length,
  width,
});

function sizes({ scale, batch, width }: SuiteOptions) {
  return { batch: batch ?? 1, width: width ?? (scale === 'quick' ? 64 : 768) };
}

/** What takes minutes beyond these lengths is measured at full scale, or at quick scale when `--lengths` asks for it. */
const quickBackward = 8192;
const quickScores = 16384;
const isShort = ({ scale, lengths }: SuiteOptions): boolean => scale === 'quick' && !lengths;

/** How many times Hyena's time a row takes: the inverse of its speedup over the baseline, which is Hyena. */
const inverse = (x: unknown): number | null => (typeof x === 'number' && x > 0 ? 1 / x : null);
const against: Column = {
  key: 'speedup',
  title: "Times Hyena's",
  align: 'right',
  text: (v, r) =>
    r.model === 'hyena' ? '1' : showInterval(inverse(v), inverse(r.speedup_high), inverse(r.speedup_low), 'x'),
};

const suite: Suite = {
  id: 'hyena-runtime',
  title: 'Hyena against attention',
  claim: 'A Hyena operator of order 2 overtakes attention at about 2K steps and FlashAttention at 4K to 8K.',
  models,
  lengths: {
    quick: [1024, 2048, 4096, 8192, 16384, 65536],
    full: [1024, 2048, 4096, 8192, 16384, 32768, 65536],
  },
  columns: [
    columns.length,
    columns.text('pass', 'Pass'),
    columns.text('model', 'Operator'),
    columns.milliseconds,
    columns.gflops,
    columns.peak,
    columns.roofline,
    against,
  ],
  caption(options, rows) {
    const { batch, width } = sizes(options);
    const limits = `Quick scale: backward up to ${showLength(quickBackward)}, materialised attention up to ${showLength(quickScores)}.`;
    return [
      `Whole operators with their dense maps: width ${width}, batch ${batch}, attention with heads of ${width / headsOf(width)}; Hyena of order 2 with a filter network of width 64 on 33 features. Causal.${isShort(options) ? ` ${limits}` : ''}`,
      ...crossovers(rows),
      ...published(),
    ];
  },
  async groups(device, options) {
    const { batch, width } = sizes(options);
    const wanted = models.filter((m) => options.models?.includes(m) ?? true);
    const groups: Group[] = [];
    for (const length of options.lengths ?? suite.lengths[options.scale])
      for (const pass of taskPasses) {
        if (isShort(options) && pass !== 'forward' && length > quickBackward) continue;
        const fit = wanted.filter((m) => !(isShort(options) && m === 'attention' && length > quickScores));
        const candidates = await Promise.all(
          fit.map((model) => {
            const large = task(model, batch, length, width);
            return mixerCandidate(device, {
              id: model,
              task: large,
              small: task(model, 2, Math.min(length, model === 'hyena' ? 1000 : 211), Math.min(width, 16)),
              tolerance: 5e-4,
              pass,
              seed: options.seed,
              config: {
                suite: 'hyena-runtime',
                ...large,
                block: { ...large.block, config: { ...large.block.config } },
              },
              row: { candidate: model, model, length, batch, width },
              op: model === 'hyena' ? 'fft-conv' : model,
            });
          }),
        );
        groups.push({
          name: `${showLength(length)}, ${pass}`,
          baseline: 'hyena',
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

/** `Forward: Hyena overtakes attention at 1400 steps [1300, 1500].` for each pass and rival that was measured. */
function crossovers(rows: readonly Row[]): string[] {
  return taskPasses.flatMap((pass) =>
    rivals.flatMap((rival) => {
      const points = rows.flatMap((r) => {
        const [ratio, low, high] = [inverse(r.speedup), inverse(r.speedup_high), inverse(r.speedup_low)];
        const mine = r.model === rival && r.pass === pass;
        return mine && ratio && low && high ? [{ length: Number(r.length), ratio, low, high }] : [];
      });
      return points.length
        ? [`Crossover with ${rival}, ${pass}: ${showCrossover(points)} (between measured lengths by interpolation).`]
        : [];
    }),
  );
}

function published(): string[] {
  const { hardware, protocol, source } = loadPublished('hyena-runtime');
  const found = findRows('hyena-runtime', { task: 'sequence length' });
  return [
    `Published (${source}): ${protocol}, ${hardware}; not this machine.`,
    ...found.map(
      (r) => `  ${r.model}: ${r.value} ${r.unit}${r.note ? ` (${r.note})` : ''}; ${rowConfidence(r)}, ${r.reference}`,
    ),
  ];
}
