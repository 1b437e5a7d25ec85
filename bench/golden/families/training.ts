/**
 * Twenty AdamW steps of tiny models from the pinned start: losses, gradient norms, final parameters and running
 * statistics, evaluation logits, and the gradients of the first step. Groups (rate, weight decay), schedule and
 * clipping are the case's own.
 */
import type { Device } from '../../../kernels/device/device.ts';
import { Tape } from '../../../kernels/tensor/tape.ts';
import { Tensor } from '../../../kernels/tensor/tensor.ts';
import { AdamW } from '../../../models/training/optimizer.ts';
import { type Schedule, type ScheduleKind, scheduleFactor, scheduleKinds } from '../../../models/training/schedule.ts';
import { type GoldenCase, type GoldenResult, type GoldenTensor, UnsupportedCase } from '../golden.ts';
import { type GoldenBatch, type GoldenNetwork, goldenNetwork, namedValues } from '../networks.ts';

interface Group {
  lr: number;
  weight_decay: number;
  params: string[];
}

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  const { config } = c;
  if (config.optimizer.kind !== 'adamw') throw new UnsupportedCase(`there is no optimiser "${config.optimizer.kind}"`);
  const factor = factorOf(c);
  const network = await goldenNetwork(c, device);
  const batches = Array.from({ length: c.get('targets').shape[0] }, (_, i) => batchOf(c, device, i));
  applyGroups(network, config.groups);
  const { beta1, beta2, eps } = config.optimizer;
  const clipNorm = config.clip_norm ?? null;
  const optimizer = new AdamW(network.store, { lr: 1, weightDecay: 0, beta1, beta2, eps, clipNorm });
  const computed = new Map<string, ArrayLike<number>>();
  const add = (prefix: string, name: string, values: ArrayLike<number>) => {
    for (const [key, part] of namedValues(c, name, values, prefix)) computed.set(key, part);
  };
  const steps: number = config.steps ?? c.get('losses').data.length;
  const losses: number[] = [];
  const norms: number[] = [];
  for (let step = 0; step < steps; step++) {
    const tape = new Tape(device);
    const { loss } = network.loss(tape, batches[step % batches.length]);
    losses.push(await loss.item());
    tape.backward(loss);
    tape.close();
    if (step === 0)
      for (const { name, tensor } of network.store.parameters)
        if (tensor.grad) add('grad0.', name, await tensor.grad.read());
    clearNoise(network, device, config.zero_gradient ?? []);
    optimizer.step(factor(step));
    norms.push(await optimizer.gradientNorm());
    network.store.zeroGrad();
  }
  computed.set('losses', losses);
  computed.set('grad_norm', norms);
  for (const { name, tensor } of network.store.parameters) add('final.', name, await tensor.read());
  for (const [name, tensor] of network.store.buffers) add('final.', name, await tensor.read());
  const tape = new Tape(device, { grad: false });
  computed.set('eval_logits', await network.logits(tape, batches[0]).read());
  tape.close();
  optimizer.dispose();
  network.store.dispose();
  for (const { x, lengths, targets } of batches) for (const t of [x, lengths, targets]) t?.dispose();
  return {
    computed,
    implementation: device.implementation('matmul'),
    tolerance:
      device.real === 'f32' && c.tolerance.f32_losses_rtol
        ? new Map([['losses', c.tolerance.f32_losses_rtol]])
        : undefined,
  };
}

/**
 * The gradient of these parameters is zero by symmetry (a key bias, a bias before batch norm). In float64 Adam's
 * epsilon keeps them still; in float32 it turns their rounding noise into steps of full size, which also move the
 * running means behind them. So float32 devices get the zero of exact arithmetic, and everything can be compared.
 */
function clearNoise({ store }: GoldenNetwork, device: Device, names: string[]): void {
  if (device.real === 'f64') return;
  for (const name of names) {
    const { grad } = store.get(name);
    if (grad) device.clear(grad.buffer);
  }
}

/** The rates' factor by step: of the case's schedule, or its table when it names no schedule (constant without one). */
function factorOf(c: GoldenCase): (step: number) => number {
  const { config } = c;
  if (!config.schedule) return (step) => config.lr_factor?.[step] ?? 1;
  const { kind, warmup, total, warmup_from, min_factor } = config.schedule;
  if (!scheduleKinds.includes(kind)) throw new UnsupportedCase(`there is no schedule "${kind}"`);
  const schedule: Schedule = {
    kind: kind as ScheduleKind,
    warmup: warmup ?? 0,
    total: total ?? config.steps ?? c.get('losses').data.length,
    warmupFrom: warmup_from ?? 'zero',
    minFactor: min_factor ?? 0,
  };
  return (step) => scheduleFactor(schedule, step);
}

/** Batch i: slice i of the first axis of every input. */
function batchOf(c: GoldenCase, device: Device, i: number): GoldenBatch {
  const part = ({ data, shape, dtype }: GoldenTensor): Tensor => {
    const size = data.length / shape[0];
    const values = data.subarray(i * size, (i + 1) * size);
    return Tensor.from(device, values, shape.slice(1), dtype === 'i32' ? 'i32' : 'real');
  };
  return {
    x: part(c.get('x')),
    lengths: c.has('lengths') ? part(c.get('lengths')) : null,
    targets: part(c.get('targets')),
  };
}

/** Rates and weight decays of the case instead of the mixers' own. */
function applyGroups({ store }: GoldenNetwork, groups: Group[]): void {
  for (const { name, hints } of store.parameters) {
    const group = groups.find((g) => g.params.some((p) => p === name || p.startsWith(`${name}.`)));
    if (!group) throw new UnsupportedCase(`parameter ${name} belongs to no group of the case`);
    Object.assign(hints, { lr: group.lr, weightDecay: group.weight_decay });
  }
}
