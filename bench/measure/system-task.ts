/**
 * A mixer as something to time: the whole layer on random input, or its convolution kernel alone (from parameters to
 * taps), forward and backward. Dropout is off.
 */
import type { Device, HostArray } from '../../kernels/device/device.ts';
import { PhantomDevice } from '../../kernels/device/phantom.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import type { Mixer } from '../../models/mixer.ts';
import { ParameterStore } from '../../models/parameters.ts';
import type { LoadedSystem } from '../../models/systems.ts';
import type { BenchRecord, Row } from '../../results/record.ts';
import type { TaskPass } from './op-task.ts';
import { type Candidate, deviceWorkload, type Workload } from './workload.ts';
import { againstReference, worstError } from './worst.ts';

export interface MixerTask {
  system: LoadedSystem;
  /** Over the system's own. */
  options: object;
  part: 'kernel' | 'layer';
  batch: number;
  width: number;
  length: number;
}

export interface MixerCandidate {
  task: MixerTask;
  /** The same at a size that the float64 reference can do. */
  small: MixerTask;
  tolerance: number;
  pass: TaskPass;
  seed: number;
  config: BenchRecord['config'];
  row: Row;
}

interface Built {
  store: ParameterStore;
  mixer: Mixer;
}

function build(device: Device, { system, options, width, length }: MixerTask, seed: number, initialise = true): Built {
  const store = new ParameterStore(device, initialise);
  const size = { width, length, layers: 1, dropout: 0, tiedDropout: false };
  const config = { ...system.options, ...options };
  return { store, mixer: system.definition.build(store.at('mixer'), size, config, new Streams(seed)) };
}

/** Whether the system is a convolution, so that its kernel can be timed alone. */
export function hasKernel(system: LoadedSystem): boolean {
  const task: MixerTask = { system, options: {}, part: 'kernel', batch: 1, width: 64, length: 64 };
  return build(new PhantomDevice(), task, 0, false).mixer.kernel !== undefined;
}

function run(t: Tape, { mixer }: Built, { part, length, system }: MixerTask, x: Tensor | null): Tensor {
  if (x) return mixer.forward(t, x, {});
  if (part === 'layer' || !mixer.kernel) throw new RangeError(`${system.id} has no convolution kernel to time`);
  return mixer.kernel(t, length);
}

export function mixerCandidate(device: Device, o: MixerCandidate): Candidate {
  const { system, part, width, length, batch } = o.task;
  return {
    id: system.id,
    estimate: estimate(o, device.info.threads ?? 1),
    config: { ...o.config, part, model: system.id, batch, width, length, pass: o.pass },
    row: { ...o.row, candidate: system.id, model: system.id, length, width, batch, pass: o.pass },
    check: () => check(device, o),
    build: async () => workload(device, o),
  };
}

/** Kernels keep scratch memory of their own: a part of the operands, and some bytes in any case. */
const scratch = 1.1;
const floor = 8 * 2 ** 20;

function dryRun({ task, pass }: MixerCandidate, threads: number): PhantomDevice {
  const device = new PhantomDevice(threads);
  const built = build(device, task, 0, false);
  using t = new Tape(device, { grad: pass !== 'forward', training: false });
  const x = task.part === 'layer' ? t.empty([task.batch, task.length, task.width]) : null;
  const y = run(t, built, task, x);
  if (pass !== 'forward') t.backward(y, t.empty(y.shape));
  return device;
}

const estimate = (o: MixerCandidate, threads: number): number =>
  Math.ceil(scratch * dryRun(o, threads).memory.peak + floor);

/** The operator that a row names: the one that makes the kernel, or else the first that is called. */
function mainOp(o: MixerCandidate): string {
  const ops = [...dryRun(o, 1).called].map((name) => name.split(' ')[0]);
  return ops.find((id) => id.endsWith('-kernel')) ?? ops[0];
}

const input = (device: Device, { part, batch, length, width }: MixerTask, seed: number, grad: boolean) =>
  part === 'kernel'
    ? null
    : Tensor.from(
        device,
        new Stream(seed, 'data').normals(batch * length * width).map(Math.fround),
        [batch, length, width],
        'real',
        grad,
      );

function workload(device: Device, o: MixerCandidate): Workload {
  const { task, pass, seed } = o;
  const built = build(device, task, seed);
  const x = input(device, task, seed, pass !== 'forward');
  let upstream: Tensor | null = null;
  let cost = { flops: 0, bytes: 0 };
  return deviceWorkload(device, {
    op: mainOp(o),
    step() {
      using t = new Tape(device, { grad: pass !== 'forward', training: false });
      const y = run(t, built, task, x);
      if (pass !== 'forward') {
        upstream ??= Tensor.from(device, new Stream(seed, 'upstream').normals(y.size), y.shape);
        t.backward(y, upstream);
        built.store.zeroGrad();
        if (x) {
          x.grad?.dispose();
          x.grad = null;
        }
      }
      const { forward, backward } = t.cost;
      cost = { flops: forward.flops + backward.flops, bytes: forward.bytes + backward.bytes };
    },
    cost: () => cost,
    dispose() {
      built.store.dispose();
      x?.dispose();
      upstream?.dispose();
    },
  });
}

/** Value and gradients of the small task on both devices, from the same parameters in float32. */
async function check(device: Device, o: MixerCandidate): Promise<BenchRecord['error']> {
  if (device.real === 'f64') return null;
  const want = await evaluate(await openDevice('reference'), o);
  const got = await evaluate(device, o);
  const errors = [...want].map(([name, w]) => [name, relativeError(got.get(name) ?? [], w)] as const);
  const name = `${o.task.system.id}, length ${o.small.length}, width ${o.small.width}, ${o.pass}`;
  return againstReference(name, o.tolerance, worstError(errors));
}

async function evaluate(device: Device, { small, pass, seed }: MixerCandidate): Promise<Map<string, HostArray>> {
  const built = build(device, small, seed);
  for (const { tensor } of built.store.parameters) tensor.write((await tensor.read()).map(Math.fround));
  const x = input(device, small, seed, pass !== 'forward');
  const out = new Map<string, HostArray>();
  {
    using t = new Tape(device, { grad: pass !== 'forward', training: false });
    const y = run(t, built, small, x);
    out.set('y', await y.read());
    if (pass !== 'forward') t.backward(y, t.tensor(new Stream(seed, 'up').normals(y.size).map(Math.fround), y.shape));
  }
  if (x?.grad) out.set('gradient of x', await x.grad.read());
  for (const { name, tensor } of built.store.parameters)
    if (tensor.grad) out.set(`gradient of ${name}`, await tensor.grad.read());
  x?.grad?.dispose();
  x?.dispose();
  built.store.zeroGrad();
  built.store.dispose();
  return out;
}
