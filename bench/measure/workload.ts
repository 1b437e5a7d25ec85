/** Something that can be timed: the same work again and again, on a device of ours or in another library. */
import type { Device } from '../../kernels/device/device.ts';
import type { Cost } from '../../kernels/ops/op.ts';
import type { BenchRecord, Row } from '../../results/record.ts';

export interface Workload {
  /** What ran: `cpu/avx512`, `pytorch 2.4 (mkl)`. */
  implementation: string;
  /** Does the work once; milliseconds by the device's clock. */
  sample(): Promise<number>;
  /** Analytic cost of one sample, known after the first one; null for other libraries. */
  cost(): Cost | null;
  dispose(): void | Promise<void>;
}

/** One line of a table before it is measured. */
export interface Candidate {
  /** Unique in its group: model id, or library. */
  id: string;
  /** Upper estimate of the bytes that it needs. */
  estimate: number;
  /** Everything that decides what is computed. */
  config: BenchRecord['config'];
  /** Fields of the row that are known beforehand (model, task, length, batch, published ...). */
  row: Row;
  /** Compares with the float64 reference; null when there is nothing of ours to compare. */
  check(): Promise<BenchRecord['error']>;
  build(): Promise<Workload>;
}

/** Candidates that do the same task and are measured side by side. */
export interface Group {
  /** "ListOps, 2K". */
  name: string;
  /** Id of the candidate that speedups refer to; a group may lack it. */
  baseline: string;
  /** Relative cost of the group, for the estimate of the time left. */
  weight: number;
  data: BenchRecord['data'];
  /** Tokens of one sample, for tokens/s; null where that means nothing. */
  tokens: number | null;
  candidates: Candidate[];
}

/** Work of ours: `step` enqueues it once. */
export function deviceWorkload(
  device: Device,
  parts: { op: string; step(): void; cost(): Cost; dispose(): void },
): Workload {
  return {
    implementation: device.implementation(parts.op),
    sample: async () => {
      const ms = await device.time(parts.step);
      await device.fence();
      return ms;
    },
    cost: parts.cost,
    dispose: parts.dispose,
  };
}
