/**
 * One training step on Path256: images of 256 x 256 pixels as sequences of 65536 steps, two classes. The Long Conv paper
 * says that its model trains 7.2 times as fast as block-sparse FlashAttention, the best before it.
 */
import { lraClassifier } from '../../models/configurations/lra.ts';
import { type ClassifierConfig, estimateClassifier } from '../../models/networks/classifier.ts';
import { findSystem } from '../../models/systems.ts';
import { findRows, loadPublished, rowConfidence } from '../../results/published/published.ts';
import * as columns from '../measure/columns.ts';
import { checkTraining, trainingWorkload } from '../measure/training.ts';
import type { Candidate, Group } from '../measure/workload.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

const models = ['long-conv', 'long-conv-three-pass', 'sgconv', 's4', 'block-sparse-attention', 'flash-transformer'];
const baseline = 'block-sparse-attention';

const sizes = ({ scale, batch, width, layers }: SuiteOptions) =>
  scale === 'quick'
    ? { batch: batch ?? 1, width: width ?? 64, layers: layers ?? 1 }
    : { batch: batch ?? 1, width: width ?? 256, layers: layers ?? 6 };

/** The network of a model: pixels in, two classes out. `-three-pass` names how the convolutions are computed. */
function classifier(model: string, width: number, layers: number, length: number): ClassifierConfig {
  const system = model.replace('-three-pass', '');
  const form = model === system ? {} : { convolution: 'three-pass' as const };
  return lraClassifier({ system, width, layers, length, dims: 1, classes: 2, bidirectional: true, ...form });
}

const suite: Suite = {
  id: 'path256-speed',
  title: 'Training speed at 65536 steps (Path256)',
  claim: 'Long Conv trains several times as fast on Path256 as block-sparse FlashAttention.',
  models,
  lengths: { quick: [4096, 16384], full: [65536] },
  columns: [
    columns.length,
    columns.text('model', 'Model'),
    columns.milliseconds,
    columns.number('tokens_per_s', 'Pixels/s'),
    columns.peak,
    columns.roofline,
    columns.speedup('Speedup'),
  ],
  caption(options) {
    const { batch, width, layers } = sizes(options);
    const { hardware } = loadPublished('path256-speedup');
    const [published] = findRows('path256-speedup', { task: 'Path256 training speedup over previous best' });
    return [
      `The same size for all: ${layers} ${layers === 1 ? 'layer' : 'layers'} of mixer and MLP (inner ${2 * width}), width ${width}, batch ${batch}; one step is forward, backward and AdamW on random pixels.`,
      'Speedup over block-sparse attention (flat butterfly of blocks of 64), with the 95 % interval over interleaved rounds.',
      `Published: ${published.model} ${published.value}x, ${rowConfidence(published)}; hardware ${hardware}; not this machine.`,
    ];
  },
  async groups(device, options) {
    const { batch, width, layers } = sizes(options);
    const wanted = models.filter((m) => options.models?.includes(m) ?? true);
    const groups: Group[] = [];
    for (const length of options.lengths ?? suite.lengths[options.scale]) {
      let weight = 0;
      const candidates: Candidate[] = [];
      for (const model of wanted) {
        const config = classifier(model, width, layers, length);
        const { trainingBytes, parameters, cost } = await estimateClassifier(config, batch, length);
        weight += cost.forward.flops + cost.backward.flops;
        // The reference costs O(L^2) per channel: attention is checked on shorter sequences, convolutions on fewer channels.
        const attends = findSystem(model.replace('-three-pass', '')).definition.kind === 'attention';
        const small = attends
          ? { width: 32, length: Math.min(length, 300) }
          : { width: 8, length: Math.min(length, 4096) };
        const name = `${model}, length ${small.length}, width ${small.width}, one layer`;
        candidates.push({
          id: model,
          estimate: trainingBytes,
          config: {
            ...{ suite: 'path256-speed', model, batch, optimizer: 'adamw' },
            classifier: JSON.parse(JSON.stringify(config)),
          },
          row: { candidate: model, model, length, batch, width, layers, parameters },
          check: () => checkTraining(device, classifier(model, small.width, 1, small.length), 2, options.seed, name),
          build: () => trainingWorkload(device, config, batch, options.seed),
        });
      }
      groups.push({
        name: `${length} pixels`,
        baseline,
        weight,
        data: { kind: 'synthetic shape', checksum: null },
        tokens: batch * length,
        candidates,
      });
    }
    return groups;
  },
};
export default suite;
