/**
 * AdamW over a parameter store. Each parameter's hints override the run's rate and weight decay; parameters that
 * agree form a group. Clipping by the global norm happens on the device: the squares of all gradients are summed into
 * one number there, and the step reads it. A parameter without a gradient is left alone (and its step not counted).
 */
import type { HostArray } from '../../kernels/device/device.ts';
import { adamw } from '../../kernels/ops/adamw/op.ts';
import { sumSquares } from '../../kernels/ops/sum-squares/op.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import type { Parameter, ParameterStore } from '../parameters.ts';

export interface AdamWOptions {
  lr: number;
  weightDecay: number;
  beta1: number;
  beta2: number;
  eps: number;
  /** Largest global norm of the gradients; null: no clipping. */
  clipNorm: number | null;
  /** `maps`: biases, norms and embeddings do not decay, as in the public language models. */
  decayed: 'all' | 'maps';
}

const adamWDefaults: AdamWOptions = {
  lr: 1e-3,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  clipNorm: null,
  decayed: 'all',
};

/** Biases, those of filters too, and the scales of norms. */
const still = /(^|\.)(bias|norms?(\.\d+)?\.weight)$/;

export interface ParameterGroup {
  lr: number;
  weightDecay: number;
  parameters: string[];
}

/** What a checkpoint holds of one parameter. */
export interface MomentState {
  step: number;
  m: HostArray;
  v: HostArray;
}

interface Moments {
  parameter: Parameter;
  m: Tensor;
  v: Tensor;
  step: number;
}

export class AdamW {
  readonly options: AdamWOptions;
  readonly #store: ParameterStore;
  readonly #moments: Moments[];
  #normSquared: Tensor | null = null;

  constructor(store: ParameterStore, options: Partial<AdamWOptions> = {}) {
    this.options = { ...adamWDefaults, ...options };
    const { clipNorm } = this.options;
    if (clipNorm !== null && !(clipNorm > 0)) throw new RangeError(`clipNorm is ${clipNorm}: it must be positive`);
    this.#store = store;
    this.#moments = store.parameters.map((parameter) => {
      const make = () => {
        const t = Tensor.create(store.device, parameter.tensor.shape);
        store.device.clear(t.buffer);
        return t;
      };
      return { parameter, m: make(), v: make(), step: 0 };
    });
  }

  /** Parameters by rate and weight decay, in the order of their first member. */
  get groups(): ParameterGroup[] {
    const groups = new Map<string, ParameterGroup>();
    for (const { parameter } of this.#moments) {
      const own = this.#rates(parameter);
      const key = JSON.stringify(own);
      const group = groups.get(key) ?? { ...own, parameters: [] };
      group.parameters.push(parameter.name);
      groups.set(key, group);
    }
    return [...groups.values()];
  }

  #rates({ name, hints }: Parameter): { lr: number; weightDecay: number } {
    const { lr, weightDecay, decayed } = this.options;
    const own = decayed === 'maps' && (hints.embedding || still.test(name)) ? 0 : weightDecay;
    return { lr: hints.lr ?? lr, weightDecay: hints.weightDecay ?? own };
  }

  /** One step from the parameters' gradients, with every rate times `factor`. Gradients stay (see `zeroGrad`). */
  step(factor = 1): void {
    const { beta1, beta2, eps, clipNorm } = this.options;
    using t = new Tape(this.#store.device, { grad: false });
    this.#keepNorm(clipNorm === null ? null : this.#sumSquares(t));
    for (const moment of this.#moments) {
      const { tensor } = moment.parameter;
      if (!tensor.grad) continue;
      moment.step++;
      const { lr, weightDecay } = this.#rates(moment.parameter);
      adamw(t, tensor, moment.m, moment.v, tensor.grad, this.#normSquared, {
        lr: lr * factor,
        weightDecay,
        beta1,
        beta2,
        eps,
        step: moment.step,
        clipNorm: clipNorm ?? 0,
      });
    }
  }

  /**
   * Norm of all gradients before clipping: of the last step when it clipped (read back, nothing is computed), else of
   * the gradients as they are now.
   */
  async gradientNorm(): Promise<number> {
    if (this.#normSquared) return Math.sqrt(await this.#normSquared.item());
    using t = new Tape(this.#store.device, { grad: false });
    return Math.sqrt((await this.#sumSquares(t)?.item()) ?? 0);
  }

  #sumSquares(t: Tape): Tensor | null {
    let sum: Tensor | null = null;
    for (const { parameter } of this.#moments)
      if (parameter.tensor.grad) sum = sumSquares(t, parameter.tensor.grad, sum);
    return sum;
  }

  #keepNorm(sum: Tensor | null): void {
    this.#normSquared?.dispose();
    this.#normSquared = sum && new Tensor(sum.storage.retain(), sum.shape);
  }

  /** The moments by parameter name. */
  async read(): Promise<Map<string, MomentState>> {
    const all = new Map<string, MomentState>();
    for (const { parameter, m, v, step } of this.#moments)
      all.set(parameter.name, { step, m: await m.read(), v: await v.read() });
    return all;
  }

  /** Continues from what `read` gave. Throws when a parameter is missing or has another size. */
  restore(state: Map<string, MomentState>): void {
    for (const moment of this.#moments) {
      const { name, tensor } = moment.parameter;
      const saved = state.get(name);
      if (!saved) throw new Error(`the optimiser state has no moments of the parameter ${name}`);
      if (saved.m.length !== tensor.size || saved.v.length !== tensor.size)
        throw new Error(
          `the optimiser state has ${saved.m.length} moments of ${name}, which has ${tensor.size} values`,
        );
    }
    for (const moment of this.#moments) {
      const saved = state.get(moment.parameter.name) as MomentState;
      moment.m.write(saved.m);
      moment.v.write(saved.v);
      moment.step = saved.step;
    }
  }

  dispose(): void {
    for (const { m, v } of this.#moments) {
      m.dispose();
      v.dispose();
    }
    this.#moments.length = 0;
    this.#keepNorm(null);
  }
}
