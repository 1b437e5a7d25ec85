/** Compute pipelines, made once per (code, entry point, constants, kinds of bindings). */
import type { CommandStream } from './commands.ts';
import type { Dispatch } from './plan.ts';

export interface Prepared {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
}

const COMPUTE_STAGE = 4;

export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #commands: CommandStream;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();
  readonly #pipelines = new Map<string, Prepared>();

  constructor(device: GPUDevice, commands: CommandStream) {
    this.#device = device;
    this.#commands = commands;
  }

  get(name: string, d: Dispatch): Prepared {
    const kinds = d.bindings.map((b): GPUBufferBindingType => (b.access === 'read' ? 'read-only-storage' : 'storage'));
    if (d.params) kinds.push('uniform');
    const key = JSON.stringify([kinds.join(), d.entry, d.constants, d.code]);
    let made = this.#pipelines.get(key);
    if (!made) this.#pipelines.set(key, (made = this.#commands.make(name, () => this.#make(name, d, kinds))));
    return made;
  }

  #make(name: string, d: Dispatch, kinds: GPUBufferBindingType[]): Prepared {
    let module = this.#modules.get(d.code);
    if (!module) this.#modules.set(d.code, (module = this.#device.createShaderModule({ label: name, code: d.code })));
    const layout = this.#layout(kinds);
    const pipeline = this.#device.createComputePipeline({
      label: name,
      layout: layout.pipeline,
      compute: { module, entryPoint: d.entry ?? 'main', constants: d.constants },
    });
    return { pipeline, layout: layout.group };
  }

  #layout(kinds: GPUBufferBindingType[]): { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout } {
    const key = kinds.join();
    let made = this.#layouts.get(key);
    if (!made) {
      const group = this.#device.createBindGroupLayout({
        entries: kinds.map((type, binding) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type } })),
      });
      made = { group, pipeline: this.#device.createPipelineLayout({ bindGroupLayouts: [group] }) };
      this.#layouts.set(key, made);
    }
    return made;
  }
}
