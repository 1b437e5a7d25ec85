/** Index arithmetic of strided operands: which axes can be walked as one, and the table that shaders decode with. */
import type { Shape } from '../../ops/op.ts';

/** One axis of an iteration: its size, and for each operand the distance of neighbours along it (0: repeated). */
export interface Axis {
  size: number;
  steps: number[];
}

/** At most three different sets of strides fit the table. */
export const mostOperandLayouts = 3;

/** Strides of a dense operand of shape `own` in an iteration over `full`, broadcast by numpy's rules. */
export function broadcastSteps(full: Shape, own: Shape): number[] {
  const lead = full.length - own.length;
  const steps = new Array<number>(full.length).fill(0);
  let step = 1;
  for (let d = own.length - 1; d >= 0; d--) {
    if (own[d] !== 1) steps[lead + d] = step;
    step *= own[d];
  }
  return steps;
}

/** Axes (outermost first) without those of size 1, neighbours merged where every operand walks them as one. */
export function mergeAxes(axes: Axis[]): Axis[] {
  const merged: Axis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const outer = merged[merged.length - 1];
    if (outer?.steps.every((s, i) => s === axis.steps[i] * axis.size))
      merged[merged.length - 1] = { size: outer.size * axis.size, steps: axis.steps };
    else merged.push(axis);
  }
  return merged;
}

/** The table as 32-bit words, innermost axis first: size and three steps each. */
export function axisWords(axes: Axis[]): number[] {
  return [...axes].reverse().flatMap(({ size, steps }) => [size, steps[0] ?? 0, steps[1] ?? 0, steps[2] ?? 0]);
}

/**
 * `name(index)`: offsets of the operands at element `index` (row-major) of an iteration over `count` axes, which
 * stand at `first` in the table `p.axes` (array<vec4u>).
 */
export function offsetsText(name: string, first: number, count: number): string {
  const body = Array.from({ length: count }, (_, d) => {
    const axis = `p.axes[${first + d}]`;
    return d === count - 1
      ? `  at += rest * ${axis}.yzw;`
      : `  at += (rest % ${axis}.x) * ${axis}.yzw;\n  rest /= ${axis}.x;`;
  });
  return `fn ${name}(index: u32) -> vec3u {
  var at = vec3u();
  var rest = index;
${body.join('\n')}
  return at;
}
`;
}
