/** What a model needs, known before anything is allocated: its own code, run on a device that only counts. */
import { availableParallelism } from 'node:os';
import type { Device } from '../../kernels/device/device.ts';
import { PhantomDevice } from '../../kernels/device/phantom.ts';
import type { Cost } from '../../kernels/ops/op.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { ParameterStore } from '../parameters.ts';

export interface ModelEstimate {
  /** Trained real numbers. */
  parameters: number;
  /** Upper estimates of peak bytes on a float32 device: one training step (with AdamW's moments), one inference. */
  trainingBytes: number;
  inferenceBytes: number;
  /** Analytic arithmetic and traffic of one training step's forward and backward pass. */
  cost: { forward: Cost; backward: Cost };
  /** The kernels that a training step calls, as `<op> forward` and `<op> backward`. */
  kernels: ReadonlySet<string>;
}

export interface DryModel {
  store: ParameterStore;
  /** One forward pass, to the loss. Absent: only the parameters are counted. */
  run?(t: Tape): Tensor;
}

/** Tensors and declared working memory are counted; this share and these bytes stand for what is not declared. */
const share = 1.05;
const rest = 2 ** 20;

export function dryRun(build: (device: Device) => DryModel): ModelEstimate {
  const device = new PhantomDevice(availableParallelism());
  const { store, run } = build(device);
  const parameters = store.count;
  const nothing: Cost = { flops: 0, bytes: 0 };
  const cost = { forward: nothing, backward: nothing };
  const estimate = { parameters, trainingBytes: 0, inferenceBytes: 0, cost, kernels: device.called };
  if (!run) return estimate;
  const peak = (training: boolean) => {
    device.memory.resetPeak();
    const tape = new Tape(device, { grad: training });
    const loss = run(tape);
    if (training) {
      tape.backward(loss);
      estimate.cost = tape.cost;
    }
    tape.close();
    store.zeroGrad();
    return Math.ceil(share * device.memory.peak + rest);
  };
  estimate.inferenceBytes = peak(false);
  // AdamW holds two moments per parameter.
  estimate.trainingBytes = peak(true) + 8 * parameters;
  return estimate;
}
