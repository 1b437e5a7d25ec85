/** Runs golden cases on a device and judges them. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Device, UnsupportedError } from '../../kernels/device/device.ts';
import { finiteError } from './finite-error.ts';
import { type GoldenCase, type GoldenFamily, UnsupportedCase } from './golden.ts';

const families = join(dirname(fileURLToPath(import.meta.url)), 'families');

export interface GoldenVerdict {
  case: string;
  family: string;
  device: string;
  implementation: string;
  error: number;
  tolerance: number;
  status: 'pass' | 'fail' | 'unsupported';
  reason: string;
  /** The tensor with the largest error relative to its limit. */
  worst: string;
}

async function adapter(family: string): Promise<GoldenFamily | null> {
  const path = join(families, `${family}.ts`);
  return existsSync(path) ? ((await import(pathToFileURL(path).href)) as GoldenFamily) : null;
}

/**
 * Every `output` and `grad` tensor of the case must be computed and lie within the limit (`f64_rtol` on the
 * float64 reference, `f32_rtol` elsewhere); integer outputs must be equal.
 */
export async function runGolden(c: GoldenCase, device: Device): Promise<GoldenVerdict> {
  const base = { case: c.case, family: c.family, device: device.info.id };
  const limit = device.real === 'f64' ? c.tolerance.f64_rtol : c.tolerance.f32_rtol;
  const none = { implementation: '', error: 0, tolerance: limit, worst: '' };
  const family = await adapter(c.family);
  if (!family) return { ...base, ...none, status: 'unsupported', reason: `family ${c.family} is not implemented yet` };
  try {
    const { computed, implementation, skip, tolerance } = await family.run(c, device);
    let worst = { name: '', ratio: -1, error: 0, limit };
    const missing: string[] = [];
    for (const want of c.tensors) {
      if ((want.role !== 'output' && want.role !== 'grad') || skip?.has(want.name)) continue;
      const got = computed.get(want.name);
      if (!got || got.length !== want.data.length) {
        missing.push(want.name);
        continue;
      }
      const bound = tolerance?.get(want.name) ?? limit;
      // A mathematically zero tensor is compared absolutely: float32 leaves noise of its own size there.
      const zero = want.data.every((x) => Math.abs(x) < 1e-14);
      let error = finiteError(got, want.data);
      if (want.dtype === 'i32') error = error === 0 ? 0 : Number.POSITIVE_INFINITY;
      const allowed = zero && device.real === 'f32' ? Math.max(bound, 1e-6) : bound;
      const ratio = error === 0 ? 0 : error / allowed;
      if (ratio > worst.ratio) worst = { name: want.name, ratio, error, limit: allowed };
    }
    const result = { ...base, implementation, error: worst.error, tolerance: worst.limit, worst: worst.name };
    if (missing.length) return { ...result, status: 'fail', reason: `not computed: ${missing.join(', ')}` };
    if (worst.ratio < 0) return { ...result, status: 'fail', reason: 'the case has no output or gradient to compare' };
    if (worst.ratio === Number.POSITIVE_INFINITY)
      return {
        ...result,
        status: 'fail',
        reason: `${worst.name} ${c.get(worst.name).dtype === 'i32' ? 'has other integers' : 'is not finite, here or in the vector'}`,
      };
    if (worst.ratio > 1)
      return { ...result, status: 'fail', reason: `${worst.name} is off by ${worst.error.toExponential(2)}` };
    return { ...result, status: 'pass', reason: '' };
  } catch (e) {
    if (e instanceof UnsupportedCase || e instanceof UnsupportedError)
      return { ...base, ...none, status: 'unsupported', reason: e.message };
    return { ...base, ...none, status: 'fail', reason: (e as Error).message };
  }
}
