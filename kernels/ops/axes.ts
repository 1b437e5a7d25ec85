/** Axis arithmetic that several ops share. */
import { requireShape, type Shape, showShape } from './op.ts';

/** An axis counted from the front; negative ones count from the back. Throws `ShapeError` when there is none. */
export function resolveAxis(axis: number, rank: number, op: string): number {
  requireShape(
    Number.isInteger(axis) && axis >= -rank && axis < rank,
    op,
    `axis ${axis} does not exist in a tensor of rank ${rank}`,
  );
  return axis < 0 ? axis + rank : axis;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1] * shape[d + 1];
  return strides;
}

/** The shape that numpy's broadcasting gives. */
export function broadcastShape(a: Shape, b: Shape, op: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, d) => {
    const x = a[d - rank + a.length] ?? 1;
    const y = b[d - rank + b.length] ?? 1;
    requireShape(
      x === y || x === 1 || y === 1,
      op,
      `shapes ${showShape(a)} and ${showShape(b)} do not broadcast: ${x} meets ${y}`,
    );
    return x === 1 ? y : x;
  });
}

/** For each element of `full` (row-major), the index of the element of the broadcast operand `shape` it reads. */
export function broadcastIndex(full: Shape, shape: Shape): (index: number) => number {
  const own = stridesOf(shape);
  const lead = full.length - shape.length;
  const steps = full.map((_, d) => (d >= lead && shape[d - lead] !== 1 ? own[d - lead] : 0));
  return (index) => {
    let rest = index;
    let at = 0;
    for (let d = full.length - 1; d >= 0; d--) {
      at += (rest % full[d]) * steps[d];
      rest = Math.floor(rest / full[d]);
    }
    return at;
  };
}
