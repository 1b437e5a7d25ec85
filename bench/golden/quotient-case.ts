/**
 * Golden cases with every gradient by difference quotients: for options that no stored case has, outputs by a formula that
 * a test writes out in plain loops. They run as stored ones do, integer inputs and all devices included.
 */
import assert from 'node:assert/strict';
import type { Device } from '../../kernels/device/device.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import type { GoldenCase, GoldenFamily, GoldenTensor } from './golden.ts';
import { runGolden } from './run.ts';

export type Values = Record<string, Float64Array>;

export interface Recipe {
  family: string;
  config: Record<string, unknown>;
  /** Real tensors by shape; `x`, or `like`, has the shape of y. */
  shapes: Record<string, number[]>;
  like?: string;
  /** Integer inputs. */
  integers?: Record<string, { shape: number[]; data: ArrayLike<number> }>;
  /** A normal value made one that suits the tensor. */
  law?: (name: string, x: number) => number;
  formula: (x: Values) => Float64Array;
  /** False: y alone. */
  gradients?: boolean;
  /** Limits of float64, whose gradients are compared with difference quotients (default 1e-7), and of float32 (5e-4). */
  limits?: { f64_rtol: number; f32_rtol: number };
}

/** A case of normal values, with y and all gradients computed from `formula` alone. */
export function quotientCase(recipe: Recipe): GoldenCase {
  const { family, config, shapes, like = 'x', integers = {}, law, formula, gradients = true } = recipe;
  const stream = new Stream(3, JSON.stringify([family, config, shapes]));
  const rest = { complex: false, offset: 0, nbytes: 0 };
  const values: Values = {};
  const tensors: GoldenTensor[] = Object.entries(integers).map(([name, { shape, data }]) => ({
    ...{ ...rest, name, shape, role: 'input', dtype: 'i32', data: Int32Array.from(data) },
  }));
  const real = (name: string, role: GoldenTensor['role'], shape: number[], data: Float64Array) =>
    tensors.push({ ...rest, name, role, dtype: 'f64', shape, data });
  for (const [name, shape] of Object.entries(shapes)) {
    const normals = stream.normals(shape.reduce((a, b) => a * b, 1));
    values[name] = law ? normals.map((x) => law(name, x)) : normals;
    real(name, 'param', shape, values[name]);
  }
  const y = formula(values);
  const g = stream.normals(y.length);
  real('y', 'output', shapes[like], y);
  real('g', 'cotangent', shapes[like], g);
  const objective = () => formula(values).reduce((sum, v, i) => sum + v * g[i], 0);
  for (const [name, shape] of gradients ? Object.entries(shapes) : []) {
    const x = values[name];
    const slopes = x.map((start, i) => {
      const h = 1e-4 * Math.max(0.1, Math.abs(start));
      const at = (by: number) => {
        x[i] = start + by;
        const value = objective();
        x[i] = start;
        return value;
      };
      const slope = (d: number) => (at(d) - at(-d)) / (2 * d);
      return (4 * slope(h / 2) - slope(h)) / 3;
    });
    real(`grad_${name}`, 'grad', shape, slopes);
  }
  const get = (name: string) => {
    const t = tensors.find((x) => x.name === name);
    if (!t) throw new Error(`the case has no ${name}`);
    return t;
  };
  const has = (name: string) => tensors.some((x) => x.name === name);
  const tolerance = recipe.limits ?? { f64_rtol: 1e-7, f32_rtol: 5e-4 };
  return { case: 'made', family, config, notes: '', tolerance, tensors, get, has };
}

/** Runs a made case on every device; y in float64 must agree to rounding. */
export async function checkQuotients(
  c: GoldenCase,
  { run }: Pick<GoldenFamily, 'run'>,
  devices: readonly Device[],
): Promise<void> {
  for (const device of devices) {
    const verdict = await runGolden(c, device);
    assert.equal(
      verdict.status,
      'pass',
      `${JSON.stringify(c.config)} on ${device.info.id}: ${verdict.reason} (limit ${verdict.tolerance})`,
    );
  }
  const [first] = devices;
  if (first.real !== 'f64') return;
  const { computed } = await run(c, first);
  const error = relativeError(computed.get('y') ?? [], c.get('y').data);
  assert.ok(error < 1e-12, `${JSON.stringify(c.config)}: y is off by ${error}`);
}
