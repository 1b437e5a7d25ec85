/** A model's parameters taken from a golden case, so that its own layers compute the case. */

import { type Shape, showShape, sizeOf } from '../../kernels/ops/op.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { type Init, type ParameterHints, ParameterStore, StoreView } from '../../models/parameters.ts';
import type { CaseGraph } from './graph.ts';

/** Hands out the case's operands where a layer registers its parameters; one that the case lacks is an error. */
class CaseStore extends ParameterStore {
  constructor(readonly graph: CaseGraph) {
    super(graph.t.device, false);
  }

  override add(name: string, _data: Init, shape: Shape, _hints: ParameterHints = {}): Tensor {
    const x = this.graph.operand(name);
    if (sizeOf(shape) !== x.size)
      throw new RangeError(`${name} is ${showShape(x.shape)} in the case and ${showShape(shape)} here`);
    return x.shape.length === shape.length && x.shape.every((n, i) => n === shape[i])
      ? x
      : this.graph.t.reshape(x, shape);
  }
}

/** The case's tensors whose names start with `prefix`, as a layer's store. */
export const caseStore = (graph: CaseGraph, prefix: string): StoreView => new StoreView(new CaseStore(graph), prefix);
