/**
 * The tape: runs ops, remembers what the backward pass needs and nothing else.
 *
 * Memory. Every tensor made on a tape belongs to the innermost open scope. When a scope ends, what it does not
 * return is released, unless a recorded op saved it; a saved tensor is released as soon as its op's backward
 * has run, a gradient as soon as it was used. `close` releases the rest. So peak bytes are what the
 * computation needs, and are counted by the device.
 */
import type { Device, DType } from '../device/device.ts';
import accumulateOp from '../ops/accumulate/op.ts';
import { type Attrs, type Cost, type Op, requireShape, type Shape, showShape, sizeOf } from '../ops/op.ts';
import { Streams } from './random.ts';
import { Storage, Tensor } from './tensor.ts';

interface Node {
  // biome-ignore lint/suspicious/noExplicitAny: a tape holds ops of every attribute type
  op: Op<any>;
  attrs: Attrs;
  shapes: (Shape | null)[];
  /** Operands by identity, to route gradients; memory is held only for the saved ones. */
  inputs: (Tensor | null)[];
  outputs: Tensor[];
  savedInputs: Set<number>;
  savedOutputs: Set<number>;
}

export interface TapeOptions {
  /** Record for a backward pass. Default true. */
  grad?: boolean;
  /** Training behaviour (dropout, batch statistics). Default: as `grad`. */
  training?: boolean;
  /** Random streams for dropout; default seed 0. */
  streams?: Streams;
  /** Sees every op after it has run, while its operands and results are there. */
  observe?(op: string, inputs: readonly (Tensor | null)[], outputs: readonly Tensor[]): void;
}

export class Tape {
  readonly device: Device;
  readonly grad: boolean;
  readonly training: boolean;
  readonly streams: Streams;
  /** Analytic cost of what was run so far. */
  readonly cost: { forward: Cost; backward: Cost } = {
    forward: { flops: 0, bytes: 0 },
    backward: { flops: 0, bytes: 0 },
  };
  #nodes: Node[] = [];
  #scopes: Tensor[][] = [[]];
  readonly #observe: TapeOptions['observe'];

  constructor(device: Device, options: TapeOptions = {}) {
    this.device = device;
    this.grad = options.grad ?? true;
    this.training = options.training ?? this.grad;
    this.streams = options.streams ?? new Streams(0);
    this.#observe = options.observe;
  }

  /** A new uninitialised tensor, owned by the innermost scope. */
  empty(shape: Shape, dtype: DType = 'real'): Tensor {
    return this.#own(Tensor.create(this.device, shape, dtype));
  }

  /** Host data as a tensor of this tape. */
  tensor(data: ArrayLike<number>, shape: Shape, dtype: DType = 'real', requiresGrad = false): Tensor {
    return this.#own(Tensor.from(this.device, data, shape, dtype, requiresGrad));
  }

  /** Same memory, other shape. */
  reshape(x: Tensor, shape: Shape): Tensor {
    requireShape(sizeOf(shape) === x.size, 'reshape', `${showShape(x.shape)} does not fill ${showShape(shape)}`);
    const y = this.#own(new Tensor(x.storage.retain(), shape, this.grad && x.requiresGrad));
    if (y.requiresGrad) this.#record(reshapeOp, {}, [x], [x.shape], [y]);
    return y;
  }

  /** Runs an op and records it when a gradient can flow through it. */
  apply<A extends Attrs>(op: Op<A>, inputs: (Tensor | null)[], attrs: A): Tensor[] {
    requireShape(inputs.length === op.inputs.length, op.id, `takes ${op.inputs.length} operands, not ${inputs.length}`);
    const shapes = inputs.map((t) => (t ? t.shape : null));
    inputs.forEach((t, i) => {
      const spec = op.inputs[i];
      requireShape(t !== null || spec.optional === true, op.id, `operand ${spec.name} is missing`);
      requireShape(
        !t || t.dtype === (spec.dtype ?? 'real'),
        op.id,
        `operand ${spec.name} must be ${spec.dtype ?? 'real'}, not ${t?.dtype}`,
      );
      requireShape(!t || t.device === this.device, op.id, `operand ${spec.name} lives on another device`);
    });
    const requiresGrad =
      this.grad && op.differentiable !== false && inputs.some((t, i) => t?.requiresGrad && canDiffer(op, i));
    const outputs = op.infer(shapes, attrs).map((shape, i) => {
      const t = Tensor.create(this.device, shape, op.outputs[i].dtype ?? 'real', requiresGrad);
      return this.#own(t);
    });
    this.device.run(op, 'forward', { inputs, outputs, gradOutputs: [], gradInputs: [] }, attrs);
    const cost = op.cost(shapes, attrs);
    add(this.cost.forward, cost.forward);
    if (requiresGrad) this.#record(op, attrs, inputs, shapes, outputs);
    this.#observe?.(op.id, inputs, outputs);
    return outputs;
  }

  /** Runs `work`; of the tensors that it makes only those that it returns outlive it. */
  scope<T extends Tensor | Tensor[]>(work: () => T): T {
    const mine: Tensor[] = [];
    this.#scopes.push(mine);
    let kept: T | undefined;
    try {
      kept = work();
      return kept;
    } finally {
      this.#scopes.pop();
      const keep = new Set(kept === undefined ? [] : Array.isArray(kept) ? kept : [kept]);
      for (const t of mine)
        if (keep.has(t)) this.#scopes[this.#scopes.length - 1].push(t);
        else t.storage.release();
    }
  }

  /**
   * Backpropagates from `output` with the upstream gradient `seed` (ones by default) and accumulates into
   * `grad` of every leaf that requires one. `wanted` lists intermediates whose gradient should be kept too:
   * they are returned, in order (null where none flowed), and belong to the innermost scope.
   * A tape can be walked once.
   */
  backward(output: Tensor, seed?: Tensor, wanted: Tensor[] = []): (Tensor | null)[] {
    if (!this.grad) throw new Error('this tape does not record: make it with { grad: true }');
    const grads = new Map<Tensor, Tensor>();
    const start = seed ?? Tensor.from(this.device, new Float64Array(output.size).fill(1), output.shape);
    if (seed) seed.storage.retain();
    grads.set(output, start);
    const keep = new Map<Tensor, Tensor | null>(wanted.map((t) => [t, null]));
    const made = new Set(this.#nodes.flatMap((n) => n.outputs));
    for (let node = this.#nodes.pop(); node; node = this.#nodes.pop()) {
      this.#stepBack(node, grads, keep, made);
      for (const i of node.savedInputs) node.inputs[i]?.storage.release();
      for (const i of node.savedOutputs) node.outputs[i].storage.release();
    }
    for (const [leaf, g] of grads) {
      if (keep.has(leaf) && !keep.get(leaf)) {
        g.storage.retain();
        keep.set(leaf, g);
      }
      if (leaf.requiresGrad && !made.has(leaf)) accumulate(this.device, leaf, g);
      g.storage.release();
    }
    return wanted.map((t) => {
      const g = keep.get(t) ?? null;
      return g && this.#own(g);
    });
  }

  /** Releases everything that the tape still holds. */
  close(): void {
    for (const node of this.#nodes) {
      for (const i of node.savedInputs) node.inputs[i]?.storage.release();
      for (const i of node.savedOutputs) node.outputs[i].storage.release();
    }
    this.#nodes = [];
    for (const scope of this.#scopes) for (const t of scope) t.storage.release();
    this.#scopes = [[]];
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #own(t: Tensor): Tensor {
    this.#scopes[this.#scopes.length - 1].push(t);
    return t;
  }

  // biome-ignore lint/suspicious/noExplicitAny: see Node
  #record(op: Op<any>, attrs: Attrs, inputs: (Tensor | null)[], shapes: (Shape | null)[], outputs: Tensor[]): void {
    const saves = op.saves(attrs);
    const node: Node = {
      op,
      attrs,
      shapes,
      inputs: [...inputs],
      outputs: [...outputs],
      savedInputs: new Set(saves.inputs.filter((i) => inputs[i])),
      savedOutputs: new Set(saves.outputs),
    };
    for (const i of node.savedInputs) node.inputs[i]?.storage.retain();
    for (const i of node.savedOutputs) node.outputs[i].storage.retain();
    this.#nodes.push(node);
  }

  #stepBack(node: Node, grads: Map<Tensor, Tensor>, keep: Map<Tensor, Tensor | null>, made: Set<Tensor>): void {
    const { op, attrs, shapes } = node;
    const upstream = node.outputs.map((t) => grads.get(t) ?? null);
    if (upstream.every((g) => g === null)) return;
    const fresh: (Tensor | null)[] = node.inputs.map((t, i) => {
      if (!t?.requiresGrad || !canDiffer(op, i)) return null;
      const from = op.passesGradient?.(i, shapes, attrs) ?? null;
      const g = from === null ? null : upstream[from];
      if (g) return new Tensor(g.storage.retain(), shapes[i] as Shape);
      return Tensor.create(this.device, shapes[i] as Shape);
    });
    const computed = fresh.map((g, i) => (g && op.passesGradient?.(i, shapes, attrs) == null ? g : null));
    if (computed.some((g) => g)) {
      this.device.run(
        op,
        'backward',
        {
          inputs: node.inputs.map((t, i) =>
            node.savedInputs.has(i) && t ? { buffer: t.buffer, shape: shapes[i] as Shape } : null,
          ),
          outputs: node.outputs.map((t, i) => (node.savedOutputs.has(i) ? t : null)),
          gradOutputs: upstream,
          gradInputs: computed,
        },
        attrs,
      );
      add(this.cost.backward, op.cost(shapes, attrs).backward);
    }
    for (const t of node.outputs) {
      const g = grads.get(t);
      if (!g) continue;
      grads.delete(t);
      if (keep.has(t)) keep.set(t, g);
      else g.storage.release();
    }
    fresh.forEach((g, i) => {
      const t = node.inputs[i];
      if (!g || !t) return;
      const before = grads.get(t);
      if (!before) {
        // A parameter's gradient goes straight to its place: nothing is held until the end of the walk.
        if (!made.has(t) && !keep.has(t)) {
          accumulate(this.device, t, g);
          g.storage.release();
        } else grads.set(t, g);
      } else grads.set(t, sum(this.device, before, g));
    });
  }
}

const canDiffer = (op: Op, input: number): boolean =>
  (op.inputs[input].dtype ?? 'real') === 'real' && op.inputs[input].differentiable !== false;

function add(to: Cost, more: Cost): void {
  to.flops += more.flops;
  to.bytes += more.bytes;
}

/** a + b, in a's memory when nobody else sees it; takes over both references. */
function sum(device: Device, a: Tensor, b: Tensor): Tensor {
  if (a.storage.refs > 1 && b.storage.refs === 1) [a, b] = [b, a];
  let into = a;
  if (a.storage.refs > 1) {
    into = Tensor.create(device, a.shape);
    device.copy(a.buffer, into.buffer);
    a.storage.release();
  }
  device.run(accumulateOp, 'forward', { inputs: [into, b], outputs: [], gradOutputs: [], gradInputs: [] }, {});
  b.storage.release();
  return into;
}

/** leaf.grad += g; the first gradient is taken over as it is when nobody else sees it. */
function accumulate(device: Device, leaf: Tensor, g: Tensor): void {
  if (leaf.grad) {
    device.run(accumulateOp, 'forward', { inputs: [leaf.grad, g], outputs: [], gradOutputs: [], gradInputs: [] }, {});
  } else if (g.storage.refs === 1) {
    leaf.grad = new Tensor(g.storage.retain(), leaf.shape);
  } else {
    leaf.grad = new Tensor(new Storage(device, device.allocate(leaf.size, 'real')), leaf.shape);
    device.copy(g.buffer, leaf.grad.buffer);
  }
}

const nothing: Cost = { flops: 0, bytes: 0 };
const reshapeOp: Op = {
  id: 'reshape',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  infer: (shapes) => [shapes[0] as Shape],
  saves: () => ({ inputs: [], outputs: [] }),
  pack: () => [],
  cost: () => ({ forward: nothing, backward: nothing }),
  passesGradient: () => 0,
  cases: [],
  tolerance: 0,
};
