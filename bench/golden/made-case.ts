/** Golden cases made on the spot, for tests: options that no stored case has, judged by a formula written out plainly. */
import assert from 'node:assert/strict';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import type { GoldenCase, GoldenResult, GoldenTensor } from './golden.ts';

export interface Made {
  shape: number[];
  /** Default: normal values. */
  scale?: number;
  shift?: number;
  role?: GoldenTensor['role'];
}

/** A case of float64 tensors; `u` is an input, the others are parameters. Every tensor wants a gradient. */
export function madeCase(family: string, config: object, tensors: Record<string, Made>, seed = 17): GoldenCase {
  const stream = new Stream(seed, family);
  const rest = { complex: false, offset: 0, nbytes: 0, dtype: 'f64' as const };
  const all: GoldenTensor[] = Object.entries(tensors).map(([name, { shape, scale = 1, shift = 0, role }]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = stream.normals(size, scale).map((x) => x + shift);
    return { ...rest, name, role: role ?? (name === 'u' ? 'input' : 'param'), shape, data };
  });
  const given = all.filter((t) => t.role !== 'cotangent');
  const grads = given.map(
    (t): GoldenTensor => ({ ...rest, name: `grad_${t.name}`, role: 'grad', of: t.name, shape: t.shape, data: t.data }),
  );
  const tolerance = { f64_rtol: 1e-9, f32_rtol: 1e-4 };
  const byName = new Map([...all, ...grads].map((t) => [t.name, t]));
  const get = (name: string): GoldenTensor => {
    const found = byName.get(name);
    if (!found) throw new Error(`made has no tensor "${name}"`);
    return found;
  };
  return {
    case: 'made',
    family,
    config,
    notes: '',
    tolerance,
    tensors: [...all, ...grads],
    get,
    has: (n) => byName.has(n),
  };
}

/** Tensors by name, as plain numbers. */
export type Values = (name: string) => ArrayLike<number>;

/**
 * What the adapter computes against `plain`, a formula of the case's values: y itself, and every gradient as the slope of
 * sum g y in one random direction, by central differences of the formula.
 */
export function judge(c: GoldenCase, { computed }: GoldenResult, plain: (values: Values) => number[]): void {
  const y = plain((name) => c.get(name).data);
  assert.ok(relativeError(computed.get('y') ?? [], y) < 1e-11, 'y differs from the formula');
  const g = c.get('g').data;
  const stream = new Stream(5, 'direction');
  for (const { name, role, data } of c.tensors) {
    if (role !== 'input' && role !== 'param') continue;
    const gradient = computed.get(`grad_${name}`);
    assert.ok(gradient && gradient.length === data.length, `no gradient of ${name}`);
    const way = stream.normals(data.length);
    const h = 1e-5;
    const moved = (by: number) => {
      const y = plain((n) => (n === name ? Float64Array.from(data, (x, i) => x + by * way[i]) : c.get(n).data));
      return y.reduce((s, v, i) => s + v * g[i], 0);
    };
    const slope = (moved(h) - moved(-h)) / (2 * h);
    const want = way.reduce((s, v, i) => s + v * gradient[i], 0);
    const size = Math.hypot(...Array.from(gradient)) + 1e-3;
    assert.ok(Math.abs(slope - want) < 1e-6 * size, `${name}: slope ${slope}, gradient says ${want}`);
  }
}
