/** A model in training: one step, one evaluation, and its complete state as a checkpoint. */
import type { Device } from '../../kernels/device/device.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { AdamW, type MomentState } from '../../models/training/optimizer.ts';
import { Plateau, scheduleFactor } from '../../models/training/schedule.ts';
import type { AnyDataset, SplitName } from '../data/dataset.ts';
import type { Checkpoint } from './checkpoint.ts';
import { DivergedError, findNonFinite, Watch } from './divergence.ts';
import { type AnyHostBatch, buildLearner, type Learner } from './learner.ts';
import { Loader } from './loader.ts';
import { Metrics } from './metrics.ts';
import { type Cursor, inOrder, SampleOrder } from './order.ts';
import type { TrainingPlan } from './plan.ts';
import type { NamedTensor, TensorData } from './safetensors.ts';

export interface StepResult {
  loss: number;
  /** In the plan's metric. */
  value: number;
  rate: number;
  tokens: number;
  /** Seconds for which the step waited for its data. */
  waited: number;
}

export class Session {
  step = 0;
  /** Step after which the validation split was last looked at. */
  evaluated = 0;
  seconds = 0;
  examples = 0;
  tokens = 0;
  best: { step: number; value: number; loss: number } | null = null;
  /** Evaluations since the best one. */
  stale = 0;
  /** Lowers the rate when the validation split no longer gets better; null: the schedule alone decides. */
  readonly plateau: Plateau | null;
  readonly #streams: Streams;
  readonly #order: SampleOrder;
  readonly #optimizer: AdamW;
  readonly #loader: Loader<AnyDataset>;
  readonly #watch = new Watch();
  /** What the next step will take. */
  #cursor: Cursor = { epoch: 0, batch: 0 };
  /** Its batches and those after it, in preparation. */
  #parts: AsyncGenerator<AnyHostBatch> | null = null;

  private constructor(
    readonly device: Device,
    readonly dataset: AnyDataset,
    readonly plan: TrainingPlan,
    readonly model: Learner,
    streams: Streams,
  ) {
    this.#streams = streams;
    this.#order = new SampleOrder(plan.seed, dataset.sizes.train, plan.batch);
    this.#optimizer = new AdamW(model.store, {
      lr: plan.lr,
      weightDecay: plan.weightDecay,
      beta1: plan.betas[0],
      beta2: plan.betas[1],
      clipNorm: plan.clip,
      decayed: plan.decayed ?? 'all',
    });
    this.plateau = plan.plateau ? new Plateau(plan.plateau) : null;
    // While a step is made, the next one is prepared.
    this.#loader = new Loader(dataset, { ahead: plan.accumulation + 1 });
  }

  static async open(device: Device, dataset: AnyDataset, plan: TrainingPlan): Promise<Session> {
    const streams = new Streams(plan.seed);
    return new Session(device, dataset, plan, await buildLearner(device, plan, plan.metric, streams), streams);
  }

  get epoch(): number {
    return this.#cursor.epoch + this.#cursor.batch / this.#order.batchesPerEpoch;
  }

  /** One optimiser step. Throws `DivergedError` when the loss is out of hand; nothing was updated then. */
  async train(): Promise<StepResult> {
    const { plan, model } = this;
    const factor = scheduleFactor(plan.schedule, this.step) * (this.plateau?.factor ?? 1);
    this.#parts ??= this.#loader.run(this.#order.from(this.#cursor, plan.accumulation));
    const asked = performance.now();
    const parts: AnyHostBatch[] = [];
    while (parts.length < plan.accumulation) parts.push((await this.#parts.next()).value as AnyHostBatch);
    const waited = (performance.now() - asked) / 1000;
    const counts = parts.map((host) => model.predictions(host));
    const total = counts.reduce((a, b) => a + b, 0);
    if (!total) throw new RangeError(`${this.dataset.id}: the batch of step ${this.step + 1} has nothing to predict`);
    const metrics = new Metrics(plan.metric);
    let tokens = 0;
    for (const [part, host] of parts.entries()) {
      tokens += model.tokens(host);
      using t = new Tape(this.device, { streams: this.#streams });
      const { loss, measure } = model.loss(t, host);
      // The loss of a part is a mean over what counts in it: the sum over all parts is the mean of the whole batch.
      t.backward(loss, t.tensor([counts[part] / total], [1]));
      const measured = await measure();
      if (counts[part] && !this.#watch.holds(measured.loss)) throw await this.#diverged(measured.loss, host);
      metrics.add(measured);
    }
    this.#optimizer.step(factor);
    model.store.zeroGrad();
    await this.device.fence();
    this.step++;
    this.#cursor = this.#order.after(this.#cursor);
    this.examples += plan.batch;
    this.tokens += tokens;
    return { loss: metrics.loss, value: metrics.value, rate: plan.lr * factor, tokens, waited };
  }

  async #diverged(loss: number, host: AnyHostBatch): Promise<DivergedError> {
    const where = await findNonFinite(this.device, this.model, host);
    return new DivergedError(
      `the loss is ${Number.isFinite(loss) ? loss.toPrecision(3) : loss} at step ${this.step + 1}` +
        `${where ? `; ${where}` : ', a hundred times that of the first steps'}`,
    );
  }

  /** Mean loss and metric over a split. `between` is called after every batch and may throw to end it. */
  async evaluate(split: SplitName, between: (done: number, total: number) => void = () => {}): Promise<Metrics> {
    return this.#measure(this.#loader, this.dataset.sizes[split], { split, rate: 1 }, between);
  }

  /** As `evaluate`, over the test split of other data, which has every `rate`-th sample of what was trained on. */
  async testOn(dataset: AnyDataset, rate: number, between?: (done: number, total: number) => void): Promise<Metrics> {
    const loader = new Loader(dataset);
    try {
      return await this.#measure(loader, dataset.sizes.test, { split: 'test', rate }, between ?? (() => {}));
    } finally {
      loader.close();
    }
  }

  async #measure(
    loader: Loader<AnyDataset>,
    total: number,
    { split, rate }: { split: SplitName; rate: number },
    between: (done: number, total: number) => void,
  ): Promise<Metrics> {
    const metrics = new Metrics(this.plan.metric);
    let done = 0;
    for await (const host of loader.run(inOrder(split, total, this.plan.evaluationBatch))) {
      using t = new Tape(this.device, { grad: false });
      metrics.add(await this.model.loss(t, host, rate).measure());
      await new Promise((resolve) => setImmediate(resolve));
      done += host.B;
      between(done, total);
    }
    return metrics;
  }

  async save(configHash: string): Promise<Checkpoint> {
    const { store } = this.model;
    const tensors = new Map<string, NamedTensor>();
    for (const [name, data] of await store.read()) tensors.set(name, { data, shape: store.get(name).shape });
    const optimizerSteps: Record<string, number> = {};
    for (const [name, { step, m, v }] of await this.#optimizer.read()) {
      optimizerSteps[name] = step;
      const { shape } = store.get(name);
      tensors.set(`adamw.m/${name}`, { data: m, shape });
      tensors.set(`adamw.v/${name}`, { data: v, shape });
    }
    const { step, evaluated, best, stale, seconds, examples, tokens } = this;
    const plateau = this.plateau?.save() ?? null;
    const data = this.#cursor;
    const streams = this.#streams.save();
    return {
      state: {
        ...{ schema: 'longconv-checkpoint-2', step, configHash, streams, data, optimizerSteps },
        ...{ evaluated, best, stale, plateau, seconds, examples, tokens },
      },
      tensors,
    };
  }

  /** Goes on from a checkpoint. Throws when it does not belong to this plan. */
  restore({ state, tensors }: Checkpoint, configHash: string): void {
    if (state.configHash !== configHash)
      throw new Error(`the checkpoint of step ${state.step} belongs to another configuration: start with --fresh`);
    this.restoreModel(tensors);
    const moments = new Map<string, MomentState>();
    for (const [name, step] of Object.entries(state.optimizerSteps))
      moments.set(name, { step, m: tensorOf(tensors, `adamw.m/${name}`), v: tensorOf(tensors, `adamw.v/${name}`) });
    this.#optimizer.restore(moments);
    this.#streams.restore(state.streams);
    this.#cursor = this.#order.normal(state.data);
    this.#parts = null;
    this.step = state.step;
    this.evaluated = state.evaluated;
    this.best = state.best;
    this.stale = state.stale;
    if (state.plateau) this.plateau?.restore(state.plateau);
    this.seconds = state.seconds;
    this.examples = state.examples;
    this.tokens = state.tokens;
  }

  /** Parameters and buffers alone. */
  restoreModel(tensors: Checkpoint['tensors']): void {
    const { store } = this.model;
    for (const { name, tensor } of store.parameters) tensor.write(tensorOf(tensors, name));
    for (const [name, tensor] of store.buffers) tensor.write(tensorOf(tensors, name));
  }

  close(): void {
    this.#loader.close();
    this.#optimizer.dispose();
    this.model.store.dispose();
  }
}

function tensorOf(tensors: Checkpoint['tensors'], name: string): TensorData {
  const found = tensors.get(name);
  if (!found) throw new Error(`the checkpoint has no tensor ${name}`);
  return found.data;
}
