/**
 * The convolution kernel of a system as something to time: from parameters to taps, forward and backward. Dropout is off.
 * The whole mixer: `mixer-task.ts`.
 */
import type { Device, HostArray } from '../../kernels/device/device.ts';
import { PhantomDevice } from '../../kernels/device/phantom.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import { type Mixer, mixerConfig } from '../../models/mixer.ts';
import { ParameterStore } from '../../models/parameters.ts';
import type { LoadedSystem } from '../../models/systems.ts';
import type { BenchRecord, Row } from '../../results/record.ts';
import type { TaskPass } from './op-task.ts';
import { type Candidate, deviceWorkload, type Workload } from './workload.ts';
import { againstReference, worstError } from './worst.ts';

export interface KernelTask {
  system: LoadedSystem;
  /** Over the system's own. */
  options: object;
  width: number;
  length: number;
}

export interface KernelCandidate {
  task: KernelTask;
  /** The same at a size that the float64 reference can do. */
  small: KernelTask;
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

function build(device: Device, { system, options, width, length }: KernelTask, seed: number, initialise = true): Built {
  const store = new ParameterStore(device, initialise);
  const size = { width, length, layers: 1, dropout: 0, tiedDropout: false };
  const config = mixerConfig(system.definition, { ...system.config, ...options });
  return { store, mixer: system.definition.build(store.at('mixer'), size, config, new Streams(seed)) };
}

/** Whether the system is a convolution, so that it has a kernel to time. */
export function hasKernel(system: LoadedSystem): boolean {
  const task: KernelTask = { system, options: {}, width: 64, length: 64 };
  return build(new PhantomDevice(), task, 0, false).mixer.kernel !== undefined;
}

function taps(t: Tape, { mixer }: Built, { length, system }: KernelTask): Tensor {
  if (!mixer.kernel) throw new RangeError(`${system.id} has no convolution kernel to time`);
  return mixer.kernel(t, length);
}

export function kernelCandidate(device: Device, o: KernelCandidate): Candidate {
  const { system, width, length } = o.task;
  return {
    id: system.id,
    estimate: estimate(o, device.info.threads ?? 1),
    config: { ...o.config, model: system.id, width, length, pass: o.pass },
    row: { ...o.row, candidate: system.id, model: system.id, length, width, pass: o.pass },
    check: () => check(device, o),
    build: async () => workload(device, o),
  };
}

/** Kernels keep scratch memory of their own: a part of the operands, and some bytes in any case. */
const scratch = 1.1;
const floor = 8 * 2 ** 20;

function dryRun({ task, pass }: KernelCandidate, threads: number): PhantomDevice {
  const device = new PhantomDevice(threads);
  const built = build(device, task, 0, false);
  using t = new Tape(device, { grad: pass !== 'forward', training: false });
  const y = taps(t, built, task);
  if (pass !== 'forward') t.backward(y, t.empty(y.shape));
  return device;
}

const estimate = (o: KernelCandidate, threads: number): number =>
  Math.ceil(scratch * dryRun(o, threads).memory.peak + floor);

/** The operator that a row names: the one that makes the kernel, or else the first that is called. */
function mainOp(o: KernelCandidate): string {
  const ops = [...dryRun(o, 1).called].map((name) => name.split(' ')[0]);
  return ops.find((id) => id.endsWith('-kernel')) ?? ops[0];
}

function workload(device: Device, o: KernelCandidate): Workload {
  const { task, pass, seed } = o;
  const built = build(device, task, seed);
  let upstream: Tensor | null = null;
  let cost = { flops: 0, bytes: 0 };
  return deviceWorkload(device, {
    op: mainOp(o),
    step() {
      using t = new Tape(device, { grad: pass !== 'forward', training: false });
      const y = taps(t, built, task);
      if (pass !== 'forward') {
        upstream ??= Tensor.from(device, new Stream(seed, 'upstream').normals(y.size), y.shape);
        t.backward(y, upstream);
        built.store.zeroGrad();
      }
      const { forward, backward } = t.cost;
      cost = { flops: forward.flops + backward.flops, bytes: forward.bytes + backward.bytes };
    },
    cost: () => cost,
    dispose() {
      built.store.dispose();
      upstream?.dispose();
    },
  });
}

/** Value and gradients of the small task on both devices, from the same parameters in float32. */
async function check(device: Device, o: KernelCandidate): Promise<BenchRecord['error']> {
  if (device.real === 'f64') return null;
  const want = await evaluate(await openDevice('reference'), o);
  const got = await evaluate(device, o);
  const errors = [...want].map(([name, w]) => [name, relativeError(got.get(name) ?? [], w)] as const);
  const name = `${o.task.system.id}, length ${o.small.length}, width ${o.small.width}, ${o.pass}`;
  return againstReference(name, o.tolerance, worstError(errors));
}

async function evaluate(device: Device, { small, pass, seed }: KernelCandidate): Promise<Map<string, HostArray>> {
  const built = build(device, small, seed);
  for (const { tensor } of built.store.parameters) tensor.write((await tensor.read()).map(Math.fround));
  const out = new Map<string, HostArray>();
  {
    using t = new Tape(device, { grad: pass !== 'forward', training: false });
    const y = taps(t, built, small);
    out.set('y', await y.read());
    if (pass !== 'forward') t.backward(y, t.tensor(new Stream(seed, 'up').normals(y.size).map(Math.fround), y.shape));
  }
  for (const { name, tensor } of built.store.parameters)
    if (tensor.grad) out.set(`gradient of ${name}`, await tensor.grad.read());
  built.store.zeroGrad();
  built.store.dispose();
  return out;
}
