/** One mixer with its projections as something to time: forward, and backward to its parameters and its input. */
import type { Device, HostArray } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import type { Cost } from '../../kernels/ops/op.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import { loadMixer, type Mixer, mixerConfig } from '../../models/mixer.ts';
import type { BlockConfig } from '../../models/networks/backbone.ts';
import { dryRun } from '../../models/networks/estimate.ts';
import { ParameterStore } from '../../models/parameters.ts';
import type { BenchRecord, Row } from '../../results/record.ts';
import type { TaskPass } from './op-task.ts';
import { type Candidate, deviceWorkload, type Workload } from './workload.ts';
import { againstReference, worstError } from './worst.ts';

export interface MixerTask {
  block: BlockConfig;
  batch: number;
  length: number;
  width: number;
}

export interface MixerCandidate {
  id: string;
  task: MixerTask;
  /** The same mixer small enough for the float64 reference. */
  small: MixerTask;
  /** Scale-relative limit of outputs and gradients. */
  tolerance: number;
  pass: TaskPass;
  seed: number;
  config: BenchRecord['config'];
  row: Row;
  /** The operator whose implementation the row names. */
  op: string;
}

/** Throws for a mixer that does not exist, before anything is allocated. */
export async function mixerCandidate(device: Device, o: MixerCandidate): Promise<Candidate & { flops: number }> {
  const definition = await loadMixer(o.task.block.mixer);
  const make = (store: ParameterStore, { block, length, width }: MixerTask): Mixer => {
    const size = { width, length, layers: 1, dropout: 0, tiedDropout: false };
    return definition.build(store.at('mixer'), size, mixerConfig(definition, block.config), new Streams(o.seed));
  };
  const training = o.pass !== 'forward';
  const estimate = dryRun((phantom) => {
    const store = new ParameterStore(phantom, false);
    const mixer = make(store, o.task);
    const { batch, length, width } = o.task;
    return { store, run: (t) => mixer.forward(t, t.empty([batch, length, width]), {}) };
  });
  const { forward, backward } = estimate.cost;
  return {
    id: o.id,
    flops: forward.flops + (training ? backward.flops : 0),
    // The dry run takes no gradient of the input and gives AdamW its moments; ours is the other way round.
    estimate: training ? estimate.trainingBytes + inputBytes(o.task) : estimate.inferenceBytes + inputBytes(o.task),
    config: { ...o.config, pass: o.pass },
    row: { ...o.row, pass: o.pass, parameters: estimate.parameters },
    check: () => check(device, o, make),
    build: async () => build(device, o, make),
  };
}

type Make = (store: ParameterStore, task: MixerTask) => Mixer;

/** Input, its gradient, the upstream gradient and working copies of them. */
const inputBytes = ({ batch, length, width }: MixerTask): number => 4 * 4 * batch * length * width;

function inputs(device: Device, { batch, length, width }: MixerTask, { seed, pass }: MixerCandidate) {
  const shape = [batch, length, width];
  const values = (name: string) => new Stream(seed, name).normals(batch * length * width).map(Math.fround);
  const training = pass !== 'forward';
  return {
    x: Tensor.from(device, values('data'), shape, 'real', training),
    upstream: training ? Tensor.from(device, values('upstream'), shape) : null,
  };
}

function build(device: Device, o: MixerCandidate, make: Make): Workload {
  const store = new ParameterStore(device);
  const mixer = make(store, o.task);
  const { x, upstream } = inputs(device, o.task, o);
  let cost: Cost = { flops: 0, bytes: 0 };
  return deviceWorkload(device, {
    op: o.op,
    step() {
      using t = new Tape(device, { grad: upstream !== null, training: false });
      const y = mixer.forward(t, x, {});
      if (upstream) {
        t.backward(y, upstream);
        store.zeroGrad();
        x.grad?.dispose();
        x.grad = null;
      }
      const { forward, backward } = t.cost;
      cost = { flops: forward.flops + backward.flops, bytes: forward.bytes + backward.bytes };
    },
    cost: () => cost,
    dispose() {
      store.dispose();
      x.dispose();
      upstream?.dispose();
    },
  });
}

/** Output and gradients of the small mixer on both devices. */
async function check(device: Device, o: MixerCandidate, make: Make): Promise<BenchRecord['error']> {
  if (device.real === 'f64') return null;
  const want = await evaluate(await openDevice('reference'), o, make);
  const got = await evaluate(device, o, make);
  const largest = Math.max(...[...want].filter(([name]) => name !== 'y').map(([, g]) => size(g)));
  const errors = [...want].map(([name, w]) => {
    const g = got.get(name);
    // A gradient that is zero in exact arithmetic (a key's bias) is noise of a small part of the largest one.
    const scale = name === 'y' ? size(w) : Math.max(size(w), 1e-3 * largest);
    return [name, g ? size(g.map((v, i) => v - w[i])) / scale : Number.POSITIVE_INFINITY] as const;
  });
  const { batch, length, width } = o.small;
  return againstReference(`${o.id}, ${batch} x ${length} x ${width}, ${o.pass}`, o.tolerance, worstError(errors));
}

/** Largest magnitude; NaN where there is one. */
const size = (x: HostArray): number => {
  let most = 0;
  for (const v of x) most = Math.max(most, Math.abs(v));
  return most;
};

async function evaluate(device: Device, o: MixerCandidate, make: Make): Promise<Map<string, HostArray>> {
  const store = new ParameterStore(device);
  const mixer = make(store, o.small);
  const { x, upstream } = inputs(device, o.small, o);
  const out = new Map<string, HostArray>();
  {
    using t = new Tape(device, { grad: upstream !== null, training: false });
    const y = mixer.forward(t, x, {});
    out.set('y', await y.read());
    if (upstream) t.backward(y, upstream);
  }
  if (x.grad) out.set('gradient of the input', await x.grad.read());
  for (const { name, tensor } of store.parameters)
    if (tensor.grad) out.set(`gradient of ${name}`, await tensor.grad.read());
  store.dispose();
  x.dispose();
  upstream?.dispose();
  return out;
}
