/** The ops that have a `webgpu.ts`, and the cache of their plans. */
import { pathToFileURL } from 'node:url';
import type { Attrs, Pass } from '../../ops/op.ts';
import { opFile, opIds } from '../../ops/registry.ts';
import { UnsupportedError } from '../device.ts';
import type { PipelineCache, Prepared } from './pipelines.ts';
import type { Dispatch, Limits, PlanShapes, WebGpuKernels } from './plan.ts';

export interface ReadyPlan {
  scratch: number[];
  steps: { dispatch: Dispatch; prepared: Prepared }[];
}

/** Plans kept; the oldest goes first. A training run uses a few hundred. */
const planLimit = 2048;

export class KernelTable {
  readonly #kernels: Map<string, WebGpuKernels>;
  readonly #pipelines: PipelineCache;
  readonly #limits: Limits;
  readonly #plans = new Map<string, ReadyPlan>();

  private constructor(kernels: Map<string, WebGpuKernels>, pipelines: PipelineCache, limits: Limits) {
    this.#kernels = kernels;
    this.#pipelines = pipelines;
    this.#limits = limits;
  }

  static async load(pipelines: PipelineCache, limits: Limits): Promise<KernelTable> {
    const kernels = new Map<string, WebGpuKernels>();
    for (const id of opIds()) {
      const path = opFile(id, 'webgpu.ts');
      if (path) kernels.set(id, (await import(pathToFileURL(path).href)) as WebGpuKernels);
    }
    return new KernelTable(kernels, pipelines, limits);
  }

  supports(op: string, pass: Pass): true | string {
    const k = this.#kernels.get(op);
    if (!k) return `op ${op} has no WebGPU kernel`;
    return !k.passes || k.passes.includes(pass) ? true : `op ${op} has no ${pass} kernel for WebGPU`;
  }

  plan(op: string, pass: Pass, shapes: PlanShapes, attrs: Attrs): ReadyPlan {
    const supported = this.supports(op, pass);
    if (supported !== true) throw new UnsupportedError(supported);
    const key = JSON.stringify([op, pass, shapes.inputs, shapes.outputs, shapes.gradOutputs, shapes.gradInputs, attrs]);
    let ready = this.#plans.get(key);
    if (ready) return ready;
    const plan = (this.#kernels.get(op) as WebGpuKernels).plan(pass, shapes, attrs, this.#limits);
    ready = {
      scratch: plan.scratch ?? [],
      steps: plan.dispatches.map((dispatch) => ({
        dispatch,
        prepared: this.#pipelines.get(`${op} ${pass}`, dispatch),
      })),
    };
    if (this.#plans.size >= planLimit) this.#plans.delete(this.#plans.keys().next().value as string);
    this.#plans.set(key, ready);
    return ready;
  }
}
