/** Ways to the next token of a language model, and to the class of a long input, as something to time. */
import type { Device, HostArray } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import type { Cost } from '../../kernels/ops/op.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { BlockConfig } from '../../models/networks/backbone.ts';
import { buildClassifier, type ClassifierConfig, estimateClassifier } from '../../models/networks/classifier.ts';
import {
  buildLanguageModel,
  estimateLanguageModel,
  type LanguageModel,
  type LanguageModelConfig,
} from '../../models/networks/language-model.ts';
import { type Recurrent, Running } from '../../models/networks/running.ts';
import type { BenchRecord, Row } from '../../results/record.ts';
import { CachedAttention } from './cached-attention.ts';
import { type Candidate, deviceWorkload, type Workload } from './workload.ts';
import { againstReference } from './worst.ts';

/** How an answer is come by; each is one line of the table. */
export type Way = 'recurrent' | 'whole' | 'cached' | 'chunks';

export interface InferenceTask {
  way: Way;
  /** `next token`: of a sequence of `length`. `class`: of a whole input of that length. */
  answer: 'next token' | 'class';
  mixer: BlockConfig;
  batch: number;
  length: number;
  width: number;
  layers: number;
}

export const vocabulary = 256;
/** Steps of a chunk. */
export const chunk = 1024;
/** Heads of 64 where the width allows it. */
const headsOf = (width: number): number => (width % 64 === 0 ? width / 64 : 1);

const isAttention = ({ mixer }: InferenceTask): boolean => mixer.mixer === 'flash-attention';

function network(task: InferenceTask): LanguageModelConfig & ClassifierConfig {
  const { mixer, length, width, layers } = task;
  const own = isAttention(task) ? { mixer: mixer.mixer, config: { causal: true, heads: headsOf(width) } } : mixer;
  const layer: BlockConfig[] = [own, { mixer: 'mlp', config: { ratio: 4 } }];
  return {
    blocks: Array.from({ length: layers }, () => layer).flat(),
    width,
    length,
    input: { kind: 'tokens', vocabulary },
    vocabulary,
    classes: 10,
    norm: 'layer',
    prenorm: true,
    dropout: 0,
    tiedDropout: false,
    positions: isAttention(task),
    pool: 'mean',
    head: { kind: 'linear' },
  };
}

/** Something that answers again and again. */
interface Answerer {
  /** Computes the answer once; `use` is shown it, the logits of each sequence last. */
  step(use?: (y: Tensor) => void): void;
  cost(): Cost;
  dispose(): void;
}

/** From nothing but the parameters, every time. */
function afresh(device: Device, run: (t: Tape) => Tensor): Omit<Answerer, 'dispose'> {
  let cost: Cost = { flops: 0, bytes: 0 };
  return {
    step(use) {
      using t = new Tape(device, { grad: false });
      const y = run(t);
      use?.(y);
      cost = t.cost.forward;
    },
    cost: () => cost,
  };
}

/** `exact` false: the kept keys and values are random; no time depends on them. */
async function answerer(device: Device, task: InferenceTask, seed: number, exact: boolean): Promise<Answerer> {
  const { batch: B, length: L, way } = task;
  const config = network(task);
  const stream = new Stream(seed, 'tokens');
  const ids = Array.from({ length: B * L }, () => stream.integer(vocabulary));
  const tokens = (t: Tape, start: number, M: number) => {
    const rows = Array.from({ length: B }, (_, b) => ids.slice(b * L + start, b * L + start + M));
    return t.tensor(rows.flat(), [B, M], 'i32');
  };
  const streams = new Streams(seed);
  const isClass = task.answer === 'class';
  const model = isClass ? await buildClassifier(device, config, streams) : null;
  const language = model ? null : await buildLanguageModel(device, config, streams);
  const store = (model ?? language)?.store;
  const dispose = () => store?.dispose();

  if (way === 'whole') {
    const run = (t: Tape) =>
      model
        ? model.logits(t, { x: tokens(t, 0, L), lengths: null })
        : (language as LanguageModel).next(t, tokens(t, 0, L));
    return { ...afresh(device, run), dispose };
  }
  if (way === 'cached') {
    const cached = new CachedAttention(language as LanguageModel, headsOf(task.width));
    const random = new Stream(seed, 'cache');
    const caches = cached.room(device, B, L, () => (exact ? 0 : random.integer(1000) / 500 - 1));
    if (exact) {
      using t = new Tape(device, { grad: false });
      let layer = 0;
      cached.logits(t, tokens(t, 0, L), 0, null, (kept) => {
        kept.forEach((x, i) => {
          device.copy(x.buffer, caches[layer][i].buffer);
        });
        layer++;
      });
    }
    return {
      ...afresh(device, (t) => cached.logits(t, tokens(t, L - 1, 1), L - 1, caches)),
      dispose() {
        for (const x of caches.flat()) x.dispose();
        dispose();
      },
    };
  }
  const running = await Running.open((model ?? language) as Recurrent, B);
  let cost: Cost = { flops: 0, bytes: 0 };
  /** The steps [from, to) in chunks; the result of the last. */
  const advance = (from: number, to: number) => {
    let y: Tensor | null = null;
    cost = { flops: 0, bytes: 0 };
    for (let at = from; at < to; at += chunk) {
      y = running.advance((t) => tokens(t, at, Math.min(chunk, to - at)));
      cost = { flops: cost.flops + running.cost.flops, bytes: cost.bytes + running.cost.bytes };
    }
    return y;
  };
  if (!isClass) advance(0, L - 1);
  return {
    step(use) {
      if (isClass) running.reset();
      const y = advance(isClass ? 0 : L - 1, L);
      if (y) use?.(y);
    },
    cost: () => cost,
    dispose() {
      running.close();
      dispose();
    },
  };
}

export interface InferenceCandidate {
  id: string;
  task: InferenceTask;
  tolerance: number;
  seed: number;
  config: BenchRecord['config'];
  row: Row;
}

export async function inferenceCandidate(device: Device, o: InferenceCandidate): Promise<Candidate> {
  const { task } = o;
  return {
    id: o.id,
    estimate: await estimate(task),
    config: o.config,
    row: o.row,
    check: () => check(device, o),
    async build(): Promise<Workload> {
      const made = await answerer(device, task, o.seed, false);
      return deviceWorkload(device, {
        op: isAttention(task) ? 'flash-attention' : task.way === 'whole' ? 'fft-conv' : 'state-steps',
        step: () => made.step(),
        cost: made.cost,
        dispose: made.dispose,
      });
    },
  };
}

/** Upper estimate: the network on what it is given at a time, and what it keeps of the past. */
async function estimate(task: InferenceTask): Promise<number> {
  const { answer, way, batch, length, width, layers } = task;
  const config = network(task);
  const steps = way === 'whole' ? length : Math.min(length, chunk);
  const sized = answer === 'class' ? estimateClassifier : estimateLanguageModel;
  const { inferenceBytes } = await sized({ ...config, length: isAttention(task) ? length : steps }, batch, steps);
  const states = 'states' in (task.mixer.config ?? {}) ? Number((task.mixer.config as { states: number }).states) : 0;
  // Coefficients (at most five rows, twice) and states of each sequence; keys and values.
  const kept = way === 'cached' ? 2 * batch * length * width : way === 'whole' ? 0 : (12 + 4 * batch) * width * states;
  return inferenceBytes + 4 * layers * kept + 4 * batch * length;
}

/** The answer on the device against that of the whole network on the reference, both from the same parameters. */
async function check(device: Device, { id, task, tolerance, seed }: InferenceCandidate): Promise<BenchRecord['error']> {
  if (device.real === 'f64') return null;
  const small = { ...task, length: Math.min(task.length, 150), width: 64, layers: 2 };
  const answer = async (on: Device, way: Way): Promise<HostArray> => {
    const made = await answerer(on, { ...small, way }, seed, true);
    let found: Promise<HostArray> | null = null;
    made.step((y) => {
      found = y.read();
    });
    const all = (await found) as HostArray | null;
    made.dispose();
    if (!all) throw new Error(`${id} gave no answer`);
    return all;
  };
  const [got, want] = [await answer(device, task.way), await answer(await openDevice('reference'), 'whole')];
  const name = `${id}, ${task.answer}, ${small.batch} x ${small.length} x ${small.width}`;
  return againstReference(name, tolerance, { worst: 'logits', value: relativeError(got, want) });
}
