/** What one SGConv layer holds on a long sequence: counted from its shapes, estimated by a dry run, and by running it. */
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import type { Device } from '../../kernels/device/device.ts';
import { PhantomDevice } from '../../kernels/device/phantom.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { embedding } from '../../kernels/ops/embedding/op.ts';
import { fullLength } from '../../kernels/ops/sgconv-kernel/op.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import { type Mixer, mixerConfig } from '../../models/mixer.ts';
import sgconv, { type SgconvConfig } from '../../models/mixers/sgconv.ts';
import { dryRun } from '../../models/networks/estimate.ts';
import { ParameterStore } from '../../models/parameters.ts';
import type { Observation } from '../../results/measurement.ts';
import { deviation, mean } from '../../results/statistics.ts';
import { memoryLimit, requireMemory } from '../../results/terminal/memory.ts';
import { InterruptedError } from '../errors.ts';
import type { MeasureContext } from './measurement.ts';

export interface LayerSize {
  config: Partial<SgconvConfig>;
  width: number;
  length: number;
}

function make(store: ParameterStore, { config, width, length }: LayerSize): Mixer {
  const size = { width, length, layers: 1, dropout: 0, tiedDropout: false };
  return sgconv.build(store.at('layer'), size, mixerConfig(sgconv, config) as SgconvConfig, new Streams(0));
}

/** Lengths and counts of the kernel: nothing is computed, only shapes are. */
export function countLayer(size: LayerSize): Observation {
  const phantom = new PhantomDevice();
  const store = new ParameterStore(phantom, false);
  const mixer = make(store, size);
  const [scales, rows, width, base] = store.get('layer.kernel_list').shape;
  using tape = new Tape(phantom, { grad: false });
  const kernel = mixer.kernel?.(tape, size.length);
  if (!kernel) throw new Error('SGConv has lost its kernel');
  return {
    what: 'counts',
    length: size.length,
    scales,
    kernelParameters: scales * rows * width * base,
    before: fullLength(scales, base),
    returned: kernel.shape[0] * kernel.shape[2],
  };
}

/** An upper estimate of the peak of forward and backward. */
export function estimateLayer(system: string, size: LayerSize): Observation {
  const { trainingBytes } = dryRun((phantom) => {
    const store = new ParameterStore(phantom, false);
    const mixer = make(store, size);
    return { store, run: (t) => mixer.forward(t, t.empty([1, size.length, size.width]), {}) };
  });
  return { what: 'dry run', system, length: size.length, trainingPeak: trainingBytes };
}

/** Builds the layer and runs it on one sequence: without gradients, then forward and backward. Bytes and seconds. */
export async function runLayer(size: LayerSize, context: MeasureContext): Promise<Observation[]> {
  const { length, width } = size;
  const device = await openDevice(context.device);
  const check = () => {
    if (context.signal.aborted) throw new InterruptedError('interrupted: no evidence was kept');
  };
  try {
    const estimate = Number(estimateLayer('', size).trainingPeak);
    requireMemory(`${context.scale} scale at ${length} steps`, estimate, memoryLimit(device));
    context.say(`one SGConv layer on ${length} steps: drawing its kernel`);
    await settle();
    const store = new ParameterStore(device);
    const mixer = make(store, size);
    const norms = [...(await kernelNorms(store))];
    check();
    const data = input(device, length, width);
    const residentBefore = resident();
    const timed = async (what: string, work: () => void): Promise<number> => {
      context.say(`one SGConv layer on ${length} steps: ${what}`);
      await settle();
      check();
      const start = performance.now();
      work();
      await device.fence();
      return (performance.now() - start) / 1000;
    };
    const { memory } = device;
    memory.resetPeak();
    await timed('forward, without gradients', () => {
      using t = new Tape(device, { grad: false });
      mixer.forward(t, embedding(t, data.table, data.ids), {});
    });
    const inferencePeak = memory.peak;
    using t = new Tape(device, { grad: true, training: false });
    const x = embedding(t, data.table, data.ids);
    memory.resetPeak();
    let y = x;
    const forwardSeconds = await timed('forward', () => {
      y = mixer.forward(t, x, {});
    });
    const [after, forwardPeak] = [memory.live, memory.peak];
    memory.resetPeak();
    const backwardSeconds = await timed('backward', () => t.backward(y, embedding(t, data.table, data.ids)));
    const trainingPeak = Math.max(forwardPeak, memory.peak);
    await requireFinite(store);
    return [
      { what: 'norms', mean: mean(norms), deviation: deviation(norms), count: norms.length },
      {
        what: 'run',
        length,
        parameters: store.count,
        ...{ after, forwardPeak, trainingPeak, inferencePeak, resident: resident(), residentBefore },
        ...{ forwardSeconds, backwardSeconds },
      },
    ];
  } finally {
    await device.close();
  }
}

/** One sequence of 256 different vectors in random order: a million steps on the device, a few megabytes on the host. */
function input(device: Device, length: number, width: number) {
  const streams = new Streams(1);
  const [values, order] = [streams.get('values'), streams.get('order')];
  return {
    table: Tensor.from(device, values.normals(256 * width), [256, width]),
    ids: Tensor.from(
      device,
      Int32Array.from({ length }, () => order.integer(256)),
      [1, length],
      'i32',
    ),
  };
}

async function kernelNorms(store: ParameterStore): Promise<ArrayLike<number> & Iterable<number>> {
  const found = store.buffers.find(([name]) => name === 'layer.kernel_norm');
  if (!found) throw new Error('SGConv keeps no kernel norm any more');
  return found[1].read();
}

/** A step that overflowed has not been run. */
async function requireFinite(store: ParameterStore): Promise<void> {
  for (const { name, tensor } of store.parameters) {
    const gradient = await tensor.grad?.read();
    if (!gradient?.every((g) => Number.isFinite(g))) throw new Error(`no gradient, or none finite, of ${name}`);
  }
}

/** Lets signals through that came during a long call. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** The most that this process had resident so far, in bytes. */
function resident(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  return 1024 * Number(kib ?? process.resourceUsage().maxRSS);
}
