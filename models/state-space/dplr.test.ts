/** S4 as a system that is stepped: its O(N) form, and C folded for longer inputs. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { type Complex, complex, mul, pair } from '../../kernels/numerics/complex.ts';
import { recurrentKernel, refold, type StateSpace } from '../../kernels/numerics/s4-fold.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import s4 from '../mixers/s4.ts';
import { ParameterStore } from '../parameters.ts';
import { dplrStep } from './dplr-modes.ts';

const random = (n: number, name: string, scale = 1): Complex[] => {
  const data = new Stream(2, name).normals(2 * n, scale);
  return Array.from({ length: n }, (_, i) => pair(data, i));
};

for (const rank of [1, 2, 3])
  test(`the O(N) step of rank ${rank} is the dense bilinear step`, () => {
    const M = 7;
    const lambda = random(M, 'lambda').map(({ re, im }) => complex(-0.1 - Math.abs(re), -20 * Math.abs(im)));
    const space: StateSpace = {
      delta: 0.07,
      lambda,
      P: Array.from({ length: rank }, (_, r) => random(M, `P${r}`)),
    };
    const [B, C] = [random(M, 'B'), random(M, 'C')];
    const { e, b, w, q } = dplrStep(space, B);
    const functional = (row: readonly Complex[], x: readonly Complex[]) =>
      x.reduce((sum, value, n) => sum + 2 * mul(row[n], value).re, 0);
    let x = b;
    const stepped = Array.from({ length: 200 }, () => {
      const y = functional(C, x);
      const s = q.map((row) => functional(row, x));
      x = x.map((value, n) => {
        const { re, im } = mul(e[n], value);
        return complex(
          w.reduce((sum, row, r) => sum + row[n].re * s[r], re),
          w.reduce((sum, row, r) => sum + row[n].im * s[r], im),
        );
      });
      return y;
    });
    assert.ok(relativeError(stepped, recurrentKernel(space, B, C, 200)) < 1e-12);
  });

test('a fold that does not determine C is refused', () => {
  // One hardly damped mode that turns by pi/8 a step: after 16 steps it is back where it was.
  const delta = 0.1;
  const space = { delta, lambda: [complex(-1e-13, (2 / delta) * Math.tan(Math.PI / 16))], P: [] };
  assert.throws(() => refold(space, [[complex(1)]], 16, 'unfold'), /I - Abar\^16 has the condition number/);
  assert.equal(refold(space, [[complex(1)]], 5, 'unfold').length, 1);
});

for (const init of ['legs', 'fourier'] as const)
  test(`S4 of ${init} extended to longer inputs keeps its kernel and goes on with the recurrence`, async () => {
    const device = await openDevice('reference');
    const [H, L, longer] = [3, 20, 75];
    const size = { width: H, length: L, layers: 1, dropout: 0, tiedDropout: false };
    const store = new ParameterStore(device);
    const config = { ...s4.defaults, states: 8, init, output: 'none' as const, activation: 'none' as const };
    const mixer = s4.build(store.at('m'), size, config, new Streams(6));
    using t = new Tape(device, { grad: false });
    const short = await mixer.kernel?.(t, L).read();
    const recurrence = await mixer.recurrence?.(t);
    const x = t.tensor(new Stream(3, 'x').normals(longer * H), [1, longer, H]);
    const y = await recurrence?.advance(t, x, recurrence.start(1)).y.read();
    assert.throws(() => mixer.forward(t, x, {}), /longer than the internal length/);
    await mixer.extend?.(longer);
    const long = (await mixer.kernel?.(t, longer).read()) as Float64Array;
    const head = Array.from({ length: H }, (_, h) => [...long.subarray(h * longer, h * longer + L)]).flat();
    assert.ok(relativeError(head, short as Float64Array) < 1e-11);
    assert.ok(relativeError(await mixer.forward(t, x, {}).read(), y as Float64Array) < 1e-11);
    const again = await mixer.recurrence?.(t);
    assert.ok(relativeError((await again?.advance(t, x, again.start(1)).y.read()) ?? [], y as Float64Array) < 1e-11);
    store.dispose();
  });
