/** The start of S4: the real form of HiPPO-LegS, the fold, and the kernel that the folded C gives. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { complex, pair } from '../../kernels/numerics/complex.ts';
import { legs } from '../../kernels/numerics/hippo.ts';
import { recurrentKernel, refoldAll, stateSpace } from '../../kernels/numerics/s4-fold.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { s4Kernel } from '../../kernels/ops/s4-kernel/op.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import s4 from '../mixers/s4.ts';
import { ParameterStore } from '../parameters.ts';
import { foldLegs } from './fold.ts';
import { complexNormals, diagonal } from './initial.ts';
import { legsStart } from './legs.ts';

test('the chosen phases make P real and positive and give the HiPPO matrix back', () => {
  for (const N of [2, 8, 64]) {
    const { modes: M, frequency, P, V } = legsStart(N);
    const { A, P: low } = legs(N);
    assert.ok(P.every((p) => p > 0) && frequency.every((w) => w > 0));
    const made = new Float64Array(N * N);
    const rotated = new Float64Array(2 * M);
    for (let n = 0; n < M; n++)
      for (let i = 0; i < N; i++) {
        const [a, b] = [V[2 * (i * M + n)], V[2 * (i * M + n) + 1]];
        rotated[2 * n] += a * low[i];
        rotated[2 * n + 1] -= b * low[i];
        for (let j = 0; j < N; j++) {
          const [c, d] = [V[2 * (j * M + n)], -V[2 * (j * M + n) + 1]];
          // 2 Re of V diag(-1/2 - i w) V^H
          made[i * N + j] += 2 * (-0.5 * (a * c - b * d) + frequency[n] * (a * d + b * c));
        }
      }
    for (let i = 0; i < N; i++) for (let j = 0; j < N; j++) made[i * N + j] -= low[i] * low[j];
    assert.ok(relativeError(made, A) < 1e-14, `A of ${N}: ${relativeError(made, A)}`);
    const want = Float64Array.from(rotated, (_, i) => (i % 2 === 0 ? P[i >> 1] : 0));
    assert.ok(relativeError(rotated, want) < 1e-14);
    assert.ok(
      relativeError(
        diagonal('legs', N).B,
        P.map((p) => Math.SQRT2 * p),
      ) === 0,
    );
  }
});

test('the triangular fold agrees with the general one', () => {
  for (const [N, L, step] of [
    [2, 1, 0.1],
    [8, 101, 0.05],
    [16, 97, 0.001],
    [64, 1024, 0.002],
    [64, 333, 0.1],
  ]) {
    const start = legsStart(N);
    const M = N / 2;
    const C = complexNormals(new Stream(1, `${N} ${L}`), 2 * M);
    const steps = [step, step / 3];
    const want = refoldAll(
      {
        ...{ H: 2, S: 1, M, rank: 1 },
        invDt: steps.map(Math.log),
        aReal: new Float64Array(M).fill(Math.log(0.5)),
        aImag: start.frequency,
        P: Float64Array.from({ length: N }, (_, i) => (i % 2 === 0 ? start.P[i >> 1] : 0)),
      },
      C,
      L,
      'fold',
    );
    const got = C.slice();
    foldLegs(got, steps, start, L);
    assert.ok(relativeError(got, want) < 1e-12, `N ${N}, L ${L}: off by ${relativeError(got, want)}`);
    assert.ok(relativeError(got, C) > 1e-9, 'the fold must do something');
  }
});

test("a new S4 layer's kernel is the impulse response of its state space", async () => {
  const device = await openDevice('reference');
  const [H, L, N] = [3, 50, 8];
  const store = new ParameterStore(device);
  const size = { width: H, length: L, layers: 1, dropout: 0, tiedDropout: false };
  s4.build(store.at('m'), size, { ...s4.defaults, states: N }, new Streams(6));
  const value = (name: string) => store.get(`m.layer.kernel.${name}`);
  const t = new Tape(device, { grad: false });
  const kernel = { invDt: 'inv_dt', aReal: 'A_real', aImag: 'A_imag', P: 'P', B: 'B', C: 'C' };
  const [invDt, aReal, aImag, P, B, C] = Object.values(kernel).map(value);
  const k = await s4Kernel(t, { invDt, aReal, aImag, P, B, C }, { length: L, internalLength: L }).read();
  const M = N / 2;
  // C before the fold: the same draws (H steps come first).
  const stream = new Streams(6).get('init');
  stream.uniforms(H);
  const unfolded = complexNormals(stream, H * M);
  const stored = {
    ...{ H, S: H, M, rank: 1 },
    invDt: await invDt.read(),
    aReal: await aReal.read(),
    aImag: await aImag.read(),
    P: await P.read(),
  };
  const b = await B.read();
  for (let h = 0; h < H; h++) {
    const row = (x: ArrayLike<number>) => Array.from({ length: M }, (_, n) => pair(x, h * M + n));
    const c = row(unfolded).map(({ re, im }) => complex(re, im));
    const want = recurrentKernel(stateSpace(stored, h), row(b), c, L);
    const error = relativeError(k.subarray(h * L, (h + 1) * L), want);
    assert.ok(error < 1e-10, `channel ${h} is off by ${error}`);
  }
  t.close();
  store.dispose();
});
