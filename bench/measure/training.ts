/** One training step of a classifier as something to time: forward, backward and AdamW, on data of a task's shape. */
import type { Device, HostArray } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import adamwOp from '../../kernels/ops/adamw/op.ts';
import type { Cost } from '../../kernels/ops/op.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import { type Batch, buildClassifier, type ClassifierConfig } from '../../models/networks/classifier.ts';
import { AdamW } from '../../models/training/optimizer.ts';
import type { BenchRecord } from '../../results/record.ts';
import { deviceWorkload, type Workload } from './workload.ts';
import { againstReference, worstError } from './worst.ts';

/** A batch of random values in the shape of the task: no sequence is padded. */
function randomBatch(device: Device, config: ClassifierConfig, batch: number, seed: number): Batch {
  const stream = new Stream(seed, 'data');
  const { input, length, classes, head } = config;
  const rows = head.kind === 'retrieval' ? 2 * batch : batch;
  const integers = (n: number, below: number) => Int32Array.from({ length: n }, () => stream.integer(below));
  return {
    x:
      input.kind === 'tokens'
        ? Tensor.from(device, integers(rows * length, input.vocabulary), [rows, length], 'i32')
        : Tensor.from(device, stream.normals(rows * length * input.dims).map(Math.fround), [rows, length, input.dims]),
    lengths: null,
    targets: Tensor.from(device, integers(batch, classes), [batch], 'i32'),
  };
}

export async function trainingWorkload(
  device: Device,
  config: ClassifierConfig,
  batch: number,
  seed: number,
): Promise<Workload> {
  const streams = new Streams(seed);
  const model = await buildClassifier(device, config, streams);
  const optimizer = new AdamW(model.store);
  const data = randomBatch(device, config, batch, seed);
  const n = model.store.count;
  const update = adamwOp.cost([[n], [n], [n], [n], null], { ...optimizer.options, step: 1, clipNorm: 0 }).forward;
  let cost: Cost = { flops: 0, bytes: 0 };
  return deviceWorkload(device, {
    op: 'matmul',
    step() {
      using t = new Tape(device, { streams });
      t.backward(model.loss(t, data).loss);
      optimizer.step();
      model.store.zeroGrad();
      const { forward, backward } = t.cost;
      cost = {
        flops: forward.flops + backward.flops + update.flops,
        bytes: forward.bytes + backward.bytes + update.bytes,
      };
    },
    cost: () => cost,
    dispose() {
      optimizer.dispose();
      model.store.dispose();
      data.x.dispose();
      data.targets.dispose();
    },
  });
}

/** Scale-relative limit for loss and gradients of whole models in float32 (measured: below 5e-5). */
const tolerance = 5e-4;
/** Gradients that are zero in exact arithmetic (a key's bias) are noise of this part of the largest gradient. */
const noise = 1e-3;

/** Loss and all gradients of one step against the float64 reference. `config` is small enough for that. */
export async function checkTraining(
  device: Device,
  config: ClassifierConfig,
  batch: number,
  seed: number,
  name: string,
): Promise<BenchRecord['error']> {
  if (device.real === 'f64') return null;
  const want = await evaluate(await openDevice('reference'), config, batch, seed);
  const got = await evaluate(device, config, batch, seed);
  const largest = Math.max(...[...want].filter(([k]) => k !== 'loss').map(([, g]) => size(g)));
  const errors = [...want].map(([key, w]) => {
    const g = got.get(key);
    const scale = key === 'loss' ? size(w) : Math.max(size(w), noise * largest);
    return [key, g ? size(g.map((x, i) => x - w[i])) / scale : Number.POSITIVE_INFINITY] as const;
  });
  return againstReference(name, tolerance, worstError(errors));
}

/** Largest magnitude; NaN where there is one. */
function size(x: HostArray): number {
  let most = 0;
  for (const v of x) most = Math.max(most, Math.abs(v));
  return most;
}

async function evaluate(
  device: Device,
  config: ClassifierConfig,
  batch: number,
  seed: number,
): Promise<Map<string, HostArray>> {
  const streams = new Streams(seed);
  const model = await buildClassifier(device, config, streams);
  // Both from the parameters as float32 holds them: a phase that grows with the length magnifies their rounding.
  for (const { tensor } of model.store.parameters) tensor.write((await tensor.read()).map(Math.fround));
  const data = randomBatch(device, config, batch, seed);
  const out = new Map<string, HostArray>();
  {
    using t = new Tape(device, { streams });
    const { loss } = model.loss(t, data);
    out.set('loss', await loss.read());
    t.backward(loss);
  }
  for (const { name, tensor } of model.store.parameters)
    if (tensor.grad) out.set(`gradient of ${name}`, await tensor.grad.read());
  model.store.dispose();
  data.x.dispose();
  data.targets.dispose();
  return out;
}
