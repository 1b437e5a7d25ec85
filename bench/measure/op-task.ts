/** A computation of one or a few operators as something to time: inputs from a stream, forward, and backward. */
import type { Device, HostArray } from '../../kernels/device/device.ts';
import { PhantomDevice } from '../../kernels/device/phantom.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { type Shape, sizeOf } from '../../kernels/ops/op.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import type { BenchRecord, Row } from '../../results/record.ts';
import { type Candidate, deviceWorkload, type Workload } from './workload.ts';
import { againstReference, worstError } from './worst.ts';

export type TaskPass = 'forward' | 'forward+backward';
export const taskPasses: readonly TaskPass[] = ['forward', 'forward+backward'];

export interface TaskInput {
  shape: Shape;
  /** Standard deviation of its normal values, default 1; or its values. */
  scale?: number;
  values?: (stream: Stream) => ArrayLike<number>;
  /** Whether a gradient is taken; default true. */
  grad?: boolean;
}

/** One computation at one size. */
export interface OpTask {
  /** The operator whose implementation the row names. */
  op: string;
  inputs: TaskInput[];
  forward(t: Tape, inputs: Tensor[]): Tensor;
}

export interface OpCandidate {
  id: string;
  task: OpTask;
  /** The same computation small enough for the float64 reference. */
  small: OpTask;
  /** What `small` is, for the record. */
  smallName: string;
  tolerance: number;
  pass: TaskPass;
  seed: number;
  config: BenchRecord['config'];
  row: Row;
}

export function opCandidate(device: Device, o: OpCandidate): Candidate {
  return {
    id: o.id,
    estimate: estimate(o.task, o.pass, device.info.threads ?? 1),
    config: { ...o.config, pass: o.pass },
    row: { ...o.row, pass: o.pass },
    check: () => check(device, o),
    build: async () => build(device, o.task, o.pass, o.seed),
  };
}

/** Kernels keep scratch memory of their own: a part of the operands, and some bytes in any case. */
const scratch = 1.1;
const floor = 8 * 2 ** 20;

/** What one step holds at most, from a dry run that allocates nothing. */
function estimate(task: OpTask, pass: TaskPass, threads: number): number {
  const device = new PhantomDevice(threads);
  const inputs = task.inputs.map(({ shape, grad }) =>
    Tensor.create(device, shape, 'real', pass !== 'forward' && grad !== false),
  );
  using t = new Tape(device, { grad: pass !== 'forward', training: false });
  const y = task.forward(t, inputs);
  if (pass !== 'forward') t.backward(y, t.empty(y.shape));
  return Math.ceil(scratch * device.memory.peak + floor);
}

function makeInputs(device: Device, task: OpTask, pass: TaskPass, seed: number): Tensor[] {
  return task.inputs.map((input, i) => {
    const stream = new Stream(seed, `data/${i}`);
    const n = sizeOf(input.shape);
    const data = input.values?.(stream) ?? stream.normals(n, input.scale ?? 1).map(Math.fround);
    return Tensor.from(device, data, input.shape, 'real', pass !== 'forward' && input.grad !== false);
  });
}

function build(device: Device, task: OpTask, pass: TaskPass, seed: number): Workload {
  const inputs = makeInputs(device, task, pass, seed);
  let upstream: Tensor | null = null;
  let cost = { flops: 0, bytes: 0 };
  const step = () => {
    using t = new Tape(device, { grad: pass !== 'forward', training: false });
    const y = task.forward(t, inputs);
    if (pass !== 'forward') {
      upstream ??= Tensor.from(device, new Stream(seed, 'upstream').normals(y.size), y.shape);
      t.backward(y, upstream);
      for (const x of inputs) {
        x.grad?.dispose();
        x.grad = null;
      }
    }
    const { forward, backward } = t.cost;
    cost = { flops: forward.flops + backward.flops, bytes: forward.bytes + backward.bytes };
  };
  return deviceWorkload(device, {
    op: task.op,
    step,
    cost: () => cost,
    dispose: () => {
      for (const x of inputs) x.dispose();
      upstream?.dispose();
    },
  });
}

/** Value and gradients of the small task on both devices. */
async function check(device: Device, o: OpCandidate): Promise<BenchRecord['error']> {
  if (device.real === 'f64') return null;
  const reference = await openDevice('reference');
  const want = await evaluate(reference, o);
  const got = await evaluate(device, o);
  const errors = [...want].map(([name, w]) => [name, relativeError(got.get(name) ?? [], w)] as const);
  return againstReference(`${o.id}, ${o.smallName}, ${o.pass}`, o.tolerance, worstError(errors));
}

async function evaluate(device: Device, o: OpCandidate): Promise<Map<string, HostArray>> {
  const inputs = makeInputs(device, o.small, o.pass, o.seed);
  using t = new Tape(device, { grad: o.pass !== 'forward', training: false });
  const y = o.small.forward(t, inputs);
  const out = new Map([['y', await y.read()]]);
  if (o.pass !== 'forward') {
    t.backward(y, t.tensor(new Stream(o.seed, 'upstream').normals(y.size).map(Math.fround), y.shape));
    for (const [i, x] of inputs.entries()) if (x.grad) out.set(`gradient of input ${i}`, await x.grad.read());
  }
  for (const x of inputs) x.dispose();
  return out;
}
