/** The golden vectors hold the parameters that the public code starts S4-FouT from. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { relativeError } from '../../kernels/ops/check.ts';
import { dplr } from '../../models/state-space/dplr-start.ts';
import { goldenFolder, readGolden } from './golden.ts';

test('S4-FouT starts from the stored parameters of the public code, up to phases', () => {
  const c = readGolden(join(goldenFolder, 's4_dplr_fourier_N8_L64.json'));
  const start = dplr('fourier', 8);
  const first = (name: string) => c.get(name).data.subarray(0, name.startsWith('A') ? 4 : 8);
  const size = (x: ArrayLike<number>) => Array.from({ length: 4 }, (_, n) => Math.hypot(x[2 * n], x[2 * n + 1]));
  // They were computed in float32.
  assert.ok(relativeError(start.aReal, first('A_real')) < 1e-7);
  assert.ok(relativeError(start.aImag, first('A_imag')) < 1e-7);
  assert.ok(relativeError(start.P, size(first('P'))) < 1e-6);
  assert.ok(relativeError(start.B, size(first('B'))) < 1e-6);
});
