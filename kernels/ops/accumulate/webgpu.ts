import { grid, input, type PlanFunction, shader, words, writing } from '../../device/webgpu/plan.ts';
import { type Shape, sizeOf } from '../op.ts';

const threads = 256;
const code = shader(import.meta.url, 'accumulate.wgsl');

export const passes = ['forward'];
export const plan: PlanFunction = (_pass, shapes, _attrs, limits) => {
  const vectors = Math.ceil(sizeOf(shapes.inputs[0] as Shape) / 4);
  return {
    dispatches: [
      {
        code,
        bindings: [writing(input(0)), input(1)],
        params: words(vectors),
        workgroups: grid(Math.ceil(vectors / threads), limits),
      },
    ],
  };
};
