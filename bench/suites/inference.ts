/**
 * What a recurrent form is good for: the next token of a language model at a cost that does not grow with the prefix, and
 * the class of a long input in memory that does not grow with its length.
 */
import { showLength } from '../../results/terminal/options.ts';
import * as columns from '../measure/columns.ts';
import { chunk, type InferenceTask, inferenceCandidate, vocabulary, type Way } from '../measure/inference.ts';
import type { Group } from '../measure/workload.ts';
import type { Suite, SuiteOptions } from '../suite.ts';

const s4d = { mixer: 's4d', config: { states: 64 } };
const s4 = { mixer: 's4', config: { states: 64 } };
const attention = { mixer: 'flash-attention' };

/** Lines of the table: what answers, and how. */
const lines: Record<string, { mixer: InferenceTask['mixer']; ways: [InferenceTask['answer'], Way][] }> = {
  's4d-recurrent': {
    mixer: s4d,
    ways: [
      ['next token', 'recurrent'],
      ['class', 'chunks'],
    ],
  },
  's4-recurrent': {
    mixer: s4,
    ways: [
      ['next token', 'recurrent'],
      ['class', 'chunks'],
    ],
  },
  'h3-recurrent': { mixer: { mixer: 'h3', config: {} }, ways: [['next token', 'recurrent']] },
  's4d-convolution': {
    mixer: s4d,
    ways: [
      ['next token', 'whole'],
      ['class', 'whole'],
    ],
  },
  'attention-cached': { mixer: attention, ways: [['next token', 'cached']] },
  'attention-whole': { mixer: attention, ways: [['next token', 'whole']] },
};

/** Beyond this the whole prefix is not given to attention again: minutes a token. */
const longestAttention = 16384;

const sizes = ({ scale, batch, width, layers }: SuiteOptions) => ({
  batch: batch ?? 1,
  width: width ?? (scale === 'quick' ? 128 : 256),
  layers: layers ?? (scale === 'quick' ? 2 : 4),
});

const suite: Suite = {
  id: 'inference',
  title: 'Inference in recurrent form',
  claim: 'A state space model produces a token in constant time, whatever the length of the prefix.',
  models: Object.keys(lines),
  lengths: { quick: [256, 1024, 4096, 16384], full: [256, 1024, 4096, 16384, 65536] },
  columns: [
    columns.length,
    columns.text('answer', 'Answer'),
    columns.text('model', 'By'),
    columns.milliseconds,
    { ...columns.number('tokens_per_s', 'Tokens/s'), text: (v) => (typeof v === 'number' ? v.toPrecision(3) : '-') },
    columns.peak,
    columns.speedup('Speedup'),
  ],
  caption(options) {
    const { batch, width, layers } = sizes(options);
    return [
      `Networks of ${layers} layers (mixer and MLP), width ${width}, batch ${batch}, ${vocabulary} tokens, state size 64; flash attention.`,
      'Next token, of a prefix of L: from the state after it; by running the convolution or attention on the whole prefix again; or from kept keys and values.',
      `Class, of an input of L: in chunks of ${showLength(chunk)} that hand on their state, or whole. Speedup over the convolution. Peak memory includes the parameters.`,
    ];
  },
  async groups(device, options) {
    const size = sizes(options);
    const wanted = suite.models.filter((m) => options.models?.includes(m) ?? true);
    const groups: Group[] = [];
    for (const length of options.lengths ?? suite.lengths[options.scale])
      for (const answer of ['next token', 'class'] as const) {
        const fit = wanted.flatMap((id) => {
          const way = lines[id].ways.find(([a]) => a === answer)?.[1];
          const slow = id === 'attention-whole' && length > longestAttention && !options.lengths;
          return way && !slow ? [{ id, way, mixer: lines[id].mixer }] : [];
        });
        if (!fit.length) continue;
        const candidates = await Promise.all(
          fit.map(({ id, way, mixer }) => {
            const task: InferenceTask = { way, answer, mixer, length, ...size };
            return inferenceCandidate(device, {
              id,
              task,
              // The classes' logits are differences of means; a state or a spectrum in float32 leaves this much of them.
              tolerance: 2e-5,
              seed: options.seed,
              config: { suite: 'inference', ...task, mixer: { ...mixer, config: { ...mixer.config } } },
              row: { candidate: id, model: id, answer, length, ...size },
            });
          }),
        );
        groups.push({
          name: `${showLength(length)}, ${answer}`,
          baseline: 's4d-convolution',
          weight: size.layers * size.width * size.width * length * fit.length,
          data: { kind: 'synthetic shape', checksum: null },
          tokens: answer === 'class' ? size.batch * length : size.batch,
          candidates,
        });
      }
    return groups;
  },
};
export default suite;
