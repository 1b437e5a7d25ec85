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

  readonly #storageParams: boolean;

  /**
   * `storageParams`: parameters are bound as storage. Mesa's software driver compiles a shader anew for new values of
   * a uniform that a loop or a branch depends on, which takes a thousand times longer than to run it.
   */
  constructor(device: GPUDevice, commands: CommandStream, storageParams: boolean) {
    this.#device = device;
    this.#commands = commands;
    this.#storageParams = storageParams;
  }

  get(name: string, d: Dispatch): Prepared {
    const kinds = d.bindings.map(
      (b): GPUBufferBindingLayout => ({ type: b.access === 'read' ? 'read-only-storage' : 'storage' }),
    );
    // With its size given: wgpu else compares the size with what the pipeline before expected.
    if (d.params)
      kinds.push({ type: this.#storageParams ? 'read-only-storage' : 'uniform', minBindingSize: d.params.byteLength });
    const key = JSON.stringify([kinds, d.entry, d.constants, d.code]);
    let made = this.#pipelines.get(key);
    if (!made) this.#pipelines.set(key, (made = this.#commands.make(name, () => this.#make(name, d, kinds))));
    return made;
  }

  #make(name: string, d: Dispatch, kinds: GPUBufferBindingLayout[]): Prepared {
    let module = this.#modules.get(d.code);
    if (!module) {
      const code = this.#storageParams ? d.code.replace('var<uniform>', 'var<storage, read>') : d.code;
      this.#modules.set(d.code, (module = this.#device.createShaderModule({ label: name, code })));
    }
    const layout = this.#layout(kinds);
    const pipeline = this.#device.createComputePipeline({
      label: name,
      layout: layout.pipeline,
      compute: { module, entryPoint: d.entry ?? 'main', constants: d.constants },
    });
    return { pipeline, layout: layout.group };
  }

  #layout(kinds: GPUBufferBindingLayout[]): { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout } {
    const key = JSON.stringify(kinds);
    let made = this.#layouts.get(key);
    if (!made) {
      const group = this.#device.createBindGroupLayout({
        entries: kinds.map((buffer, binding) => ({ binding, visibility: COMPUTE_STAGE, buffer })),
      });
      made = { group, pipeline: this.#device.createPipelineLayout({ bindGroupLayouts: [group] }) };
      this.#layouts.set(key, made);
    }
    return made;
  }
}
