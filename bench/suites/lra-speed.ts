/**
 * Training speed on the Long Range Arena: the published tables say how many times faster than a Transformer a model of
 * the same size trains, over the five tasks of 1K to 4K steps. One sample here is one whole training step (forward,
 * backward, AdamW) on random data of the task's shape; all models are measured side by side.
 */

import type { Device } from '../../kernels/device/device.ts';
import { lraClassifier } from '../../models/configurations/lra.ts';
import { type ClassifierConfig, estimateClassifier } from '../../models/networks/classifier.ts';
import { findSystem, speedSystems } from '../../models/systems.ts';
import { findRow, loadPublished, rowConfidence } from '../../results/published/published.ts';
import type { Row } from '../../results/record.ts';
import { type Column, show } from '../../results/tables.ts';
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { checkTraining, trainingWorkload } from '../measure/training.ts';
import type { Candidate, Group } from '../measure/workload.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

/** What the tasks of a length look like; other lengths take the nearest one's. */
const tasks = [
  { length: 1024, name: 'Image, Pathfinder', vocabulary: 256, classes: 10 },
  { length: 2048, name: 'ListOps', vocabulary: 18, classes: 10 },
  { length: 4096, name: 'Text, Retrieval', vocabulary: 135, classes: 2 },
] as const;

function taskOf(length: number) {
  const exact = tasks.find((t) => t.length === length || (t.length === 4096 && length === 4000));
  if (exact) return exact;
  const near = tasks.reduce((a, b) =>
    Math.abs(Math.log(b.length / length)) < Math.abs(Math.log(a.length / length)) ? b : a,
  );
  return { ...near, name: `shape of ${near.name}` };
}

/** Systems whose convolutions are put together pass by pass, as the papers' code does without its own kernels. */
const unfused: Record<string, { system: string; published: string }> = {
  's4-unfused': { system: 's4', published: 'S4 (no FlashConv)' },
  'long-conv-unfused': { system: 'long-conv', published: 'Long Conv (cuFFT, no FlashButterfly)' },
};
const isUnfused = (model: string): boolean => model in unfused;
const systemOf = (model: string): string => unfused[model]?.system ?? model;

/**
 * Rows of the published table that ours stand beside. Our convolutions are fused, so S4 stands beside the row with
 * FlashConv. Systems without a published row have none.
 */
function published(model: string): Row {
  const name = isUnfused(model) ? unfused[model].published : findSystem(model).speed?.published;
  const nothing = { published: null, published_row: null, published_confidence: null };
  if (!name) return { ...nothing, published_source: null, published_hardware: null };
  const row = findRow('lra-speed', name, 'LRA training speed');
  return {
    published: row.value,
    published_row: row.model,
    published_confidence: rowConfidence(row),
    published_source: row.reference,
    published_hardware: loadPublished('lra-speed').hardware,
  };
}

/** `5.8x (second hand)`. */
const publishedColumn: Column = {
  key: 'published',
  title: 'Published',
  align: 'right',
  text: (v, r) =>
    typeof v === 'number'
      ? `${show(v)}x${r.published_confidence === 'confirmed' ? '' : ` (${r.published_confidence})`}`
      : '-',
};

const models = [...speedSystems.map((s) => s.id), ...Object.keys(unfused)];

const sizes = ({ scale, batch, width, layers }: SuiteOptions) =>
  scale === 'quick'
    ? { batch: batch ?? 2, width: width ?? 128, layers: layers ?? 2 }
    : { batch: batch ?? 16, width: width ?? 128, layers: layers ?? 4 };

const suite: Suite = {
  id: 'lra-speed',
  title: 'Training speed on the Long Range Arena',
  claim: 'Long convolutions and state spaces train several times faster than a Transformer of the same size.',
  models,
  lengths: { quick: tasks.map((t) => t.length), full: tasks.map((t) => t.length) },
  columns: [
    columns.text('task', 'Task'),
    columns.length,
    columns.text('model', 'Model'),
    columns.milliseconds,
    columns.number('steps_per_s', 'Steps/s'),
    columns.number('tokens_per_s', 'Tokens/s'),
    columns.peak,
    columns.roofline,
    columns.speedup('Speedup'),
    publishedColumn,
  ],
  caption(options, rows) {
    const { batch, width, layers } = sizes(options);
    return [
      `Nearly the same size for all: ${layers} ${layers === 1 ? 'layer' : 'layers'} of mixer and MLP (inner ${2 * width}; Mega, GSS and BiGS have theirs inside, RWKV its channel mix), width ${width}, batch ${batch}; one step is forward, backward and AdamW on random tokens of the task's shape.`,
      'Speedup over the Transformer of the same group, with the 95 % interval over interleaved rounds.',
      ...overall(rows),
      ...sources(rows),
    ];
  },
  async groups(device, options) {
    // What is run for comparison with other implementations of the same system is run when it is asked for.
    const wanted = models.filter((m) => options.models?.includes(m) ?? !isUnfused(m));
    const groups: Group[] = [];
    for (const L of options.lengths ?? suite.lengths[options.scale]) {
      const { batch } = sizes(options);
      const candidates = await Promise.all(wanted.map((m) => candidate(device, m, L, options)));
      groups.push({
        name: `${taskOf(L).name}, ${showLength(L)}`,
        baseline: 'transformer',
        weight: candidates.reduce((n, c) => n + c.flops, 0),
        data: { kind: 'synthetic shape', checksum: null },
        tokens: batch * L,
        candidates,
      });
    }
    return groups;
  },
};
export default suite;

async function candidate(
  device: Device,
  model: string,
  L: number,
  options: SuiteOptions,
): Promise<Candidate & { flops: number }> {
  const { batch, width, layers } = sizes(options);
  const task = taskOf(L);
  const at = (w: number, n: number, length: number): ClassifierConfig =>
    lraClassifier({
      ...{ system: systemOf(model), width: w, layers: n, length, vocabulary: task.vocabulary, classes: task.classes },
      ...(isUnfused(model) ? { convolution: 'unfused' } : {}),
    });
  const config = at(width, layers, L);
  const { trainingBytes, parameters, cost } = await estimateClassifier(config, batch, L);
  // The reference costs O(L^2) per channel: attention is checked on shorter sequences, convolutions on fewer channels.
  const attends = findSystem(systemOf(model)).definition.kind === 'attention';
  const small = attends ? { width: 32, length: Math.min(L, 300) } : { width: 8, length: Math.min(L, 4096) };
  const name = `${model}, length ${small.length}, width ${small.width}, one layer`;
  return {
    id: model,
    flops: cost.forward.flops + cost.backward.flops,
    estimate: trainingBytes,
    config: { suite: 'lra-speed', model, batch, classifier: json(config), optimizer: 'adamw' },
    row: { candidate: model, model, task: task.name, length: L, batch, width, layers, parameters, ...published(model) },
    check: () => checkTraining(device, at(small.width, 1, small.length), 2, options.seed, name),
    build: () => trainingWorkload(device, config, batch, options.seed),
  };
}

const json = (config: object): Candidate['config'] => JSON.parse(JSON.stringify(config));

/** The published figures are means over the tasks: ours over the lengths measured, per model. */
function overall(rows: readonly Row[]): string[] {
  const means = models.flatMap((model) => {
    const own = rows
      .filter((r) => r.model === model && typeof r.speedup === 'number')
      .map((r) => Math.log(Number(r.speedup)));
    return own.length ? [`${model} ${show(Math.exp(own.reduce((a, b) => a + b, 0) / own.length))}x`] : [];
  });
  return means.length ? [`Geometric mean of the speedups over the lengths above: ${means.join(', ')}.`] : [];
}

/** Where the published column comes from; it is the mean over the tasks, on other hardware, and not to be reached here. */
function sources(rows: readonly Row[]): string[] {
  const cited = new Map(rows.filter((r) => r.published_row).map((r) => [r.published_row, r]));
  if (!cited.size) return [];
  const { hardware, protocol } = loadPublished('lra-speed');
  return [
    `Published: ${protocol ?? 'protocol not stated'}. Hardware: ${hardware ?? 'not stated'}; not this machine.`,
    ...[...cited.values()].map((r) => `  ${r.published_row}: ${r.published_confidence}, ${r.published_source}`),
  ];
}
