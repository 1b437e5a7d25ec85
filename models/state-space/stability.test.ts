/** The largest sizes in use: states of 256, sequences of a million steps. Long ones are sampled. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { type Complex, complex, exp, mul, pair, scale, sub } from '../../kernels/numerics/complex.ts';
import { legs, legsNormalForm } from '../../kernels/numerics/hippo.ts';
import { refold, refoldAll, stateSpace } from '../../kernels/numerics/s4-fold.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { s4Kernel } from '../../kernels/ops/s4-kernel/op.ts';
import { s4dKernel } from '../../kernels/ops/s4d-kernel/op.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { loadMixer } from '../mixer.ts';
import { ParameterStore } from '../parameters.ts';
import { discretise } from './discretise.ts';
import { dplrStep } from './dplr-modes.ts';
import { dplr } from './dplr-start.ts';
import { foldLegs } from './fold.ts';
import { asPairs, complexNormals } from './initial.ts';
import { legsStart } from './legs.ts';

const million = 2 ** 20;
const reference = await openDevice('reference');
const cpu = await openDevice('cpu');

for (const N of [64, 256])
  test(`HiPPO-LegS of ${N} states: A = V (Lambda - P P^H) V^H to 1e-12`, () => {
    const { A, B, P } = legs(N);
    const { lambda, P: low, B: input, V } = legsNormalForm(N);
    const M = N / 2;
    let most = 0;
    let off = 0;
    const column = (i: number, n: number): Complex => complex(V.re[i * M + n], V.im[i * M + n]);
    for (let i = 0; i < N; i++)
      for (let j = 0; j < N; j++) {
        // 2 Re stands for the conjugate modes.
        let sum = -P[i] * P[j];
        for (let n = 0; n < M; n++) {
          const [v, w] = [column(i, n), column(j, n)];
          const re = v.re * w.re + v.im * w.im;
          const im = v.im * w.re - v.re * w.im;
          sum += 2 * (lambda[n].re * re - lambda[n].im * im);
        }
        most = Math.max(most, Math.abs(A[i * N + j]));
        off = Math.max(off, Math.abs(sum - A[i * N + j]));
      }
    assert.ok(off <= 1e-12 * most, `A is off by ${off / most} of its largest element`);
    // Back from the rotated vectors to the real ones.
    for (const [name, real, rotated] of [
      ['P', P, low],
      ['B', B, input],
    ] as const) {
      const back = Float64Array.from(real, (_, i) =>
        rotated.reduce((sum, p, n) => sum + 2 * mul(column(i, n), p).re, 0),
      );
      assert.ok(relativeError(back, real) < 1e-12, `${name} is off by ${relativeError(back, real)}`);
    }
  });

for (const [N, step] of [
  [64, 1e-6],
  [256, 3e-6],
])
  test(`S4's fold of ${N} states over a million steps that the state survives`, () => {
    const start = legsStart(N);
    const M = N / 2;
    const C = complexNormals(new Stream(3, 'C'), M);
    const triangular = C.slice();
    foldLegs(triangular, [step], start, million);
    const stored = { H: 1, S: 1, M, rank: 1, invDt: [Math.log(step)], ...dplr('legs', N), P: asPairs(start.P) };
    const general = refoldAll(stored, C, million, 'fold');
    const error = relativeError(triangular, general);
    assert.ok(error < 1e-12, `two ways to Abar^L differ by ${error}`);
    // C - C~ is what is left of the state: not nothing.
    assert.ok(relativeError(triangular, C) > 1e-3);
    if (N > 64) return;
    const back = relativeError(refoldAll(stored, general, million, 'unfold'), C);
    assert.ok(back < 1e-10, `unfolding is off by ${back}`);
  });

test("the Nyquist bin of S4's kernel is its exact limit", async () => {
  for (const [device, L, limit] of [
    [reference, 256, 1e-12],
    [cpu, 65536, 1e-5],
  ] as const) {
    using t = new Tape(device, { grad: false });
    const stream = new Stream(8, 'nyquist');
    const [N, step] = [32, 2 / L];
    const { aReal, aImag, B, P } = dplr('legs', N);
    const C = stream.normals(N).map(Math.fround);
    const put = (x: ArrayLike<number>, shape: number[]) => t.tensor(x, shape);
    const M = N / 2;
    const K = await s4Kernel(
      t,
      {
        invDt: put([Math.log(step)], [1, 1]),
        aReal: put(aReal, [1, M]),
        aImag: put(aImag, [1, M]),
        P: put(asPairs(P), [1, 1, M, 2]),
        B: put(asPairs(B), [1, 1, M, 2]),
        C: put(C, [1, 1, M, 2]),
      },
      { length: L, internalLength: L },
    ).read();
    const taps = Array.from(K);
    const alternating = taps.reduce((sum, k, l) => sum + (l % 2 ? -k : k), 0);
    const want = step * B.reduce((sum, b, n) => sum + b * C[2 * n], 0);
    const size = taps.reduce((sum, k) => sum + Math.abs(k), 0);
    const error = Math.abs(alternating - want) / size;
    assert.ok(error < limit, `${L} taps: ${alternating} against ${want}, ${error} of the sum of magnitudes`);
  }
});

for (const disc of ['zoh', 'bilinear'] as const)
  test(`S4D's block powers at a million taps of 256 states, ${disc}`, async () => {
    using t = new Tape(cpu, { grad: false });
    const M = 128;
    const stream = new Stream(5, disc);
    // Steps of 1e-6: the slowest modes (real part 1/2) are alive at the end, the fastest turn by 0.4 a step.
    const invDt = Math.fround(Math.log(1e-6));
    const aReal = new Float64Array(M).fill(Math.fround(Math.log(0.5)));
    const aImag = Float64Array.from({ length: M }, (_, n) => Math.fround(1000 * Math.PI * n));
    const C = stream.normals(2 * M).map(Math.fround);
    const B = asPairs(new Float64Array(M).fill(1));
    const p = {
      invDt: t.tensor([invDt], [1, 1]),
      aReal: t.tensor(aReal, [1, M]),
      aImag: t.tensor(aImag, [1, M]),
      B: t.tensor(B, [1, 1, M, 2]),
      C: t.tensor(C, [1, 1, M, 2]),
    };
    const K = await s4dKernel(t, p, { length: million, disc }).read();
    const dt = Math.exp(invDt);
    const modes = Array.from({ length: M }, (_, n) => {
      const A = complex(-Math.exp(aReal[n]), -aImag[n]);
      const { a, f } = discretise(disc, A, dt);
      const log = complex(Math.log(Math.hypot(a.re, a.im)), Math.atan2(a.im, a.re));
      return { log, c: scale(mul(pair(C, n), f), 2) };
    });
    const taps = [...Array.from({ length: 300 }, () => stream.integer(million)), 0, 1, 1023, 1024, million - 1];
    const want = taps.map((l) => modes.reduce((sum, { log, c }) => sum + mul(c, exp(scale(log, l))).re, 0));
    const error = relativeError(
      taps.map((l) => K[l]),
      want,
    );
    assert.ok(error < 4e-6, `off by ${error}`);
    const late = taps.flatMap((l, i) => (l > million / 2 ? [Math.abs(want[i])] : []));
    assert.ok(Math.max(...late) > 0.1 * Math.max(...want.map(Math.abs)), 'the last taps should be alive');
  });

for (const [id, config, limit] of [
  ['s4', { states: 64 }, { kernel: 2e-6, recurrence: 2e-7 }],
  ['s4', { states: 64, init: 'fourier' }, { kernel: 2e-6, recurrence: 2e-7 }],
  // A diagonal state is float32: 6e-8 times the root of the steps that it remembers.
  ['s4d', { states: 256, init: 'legs' }, { kernel: 2e-6, recurrence: 6e-5 }],
] as const)
  test(`${id} ${JSON.stringify(config)}: a million taps and a million steps, at sampled lags in float64`, async () => {
    const definition = await loadMixer(id);
    const store = new ParameterStore(cpu);
    const H = 2;
    const size = { width: H, length: million, layers: 1, dropout: 0, tiedDropout: false };
    const slow = { dtMin: 1e-6, dtMax: 1e-4, output: 'none', activation: 'none' };
    const mixer = definition.build(store.at('m'), size, { ...definition.defaults, ...config, ...slow }, new Streams(2));
    using t = new Tape(cpu, { grad: false });
    const K = (await mixer.kernel?.(t, million).read()) as Float32Array;
    // A skip of order 1 would drown the kernel of small steps.
    store.get('m.layer.D').write(new Float32Array(H));
    const recurrence = await mixer.recurrence?.(t);
    const impulse = new Float32Array(H * million).fill(1, 0, H);
    const y = (await recurrence?.advance(t, t.tensor(impulse, [1, million, H]), recurrence.start(1)).y.read()) ?? [];
    const stream = new Stream(7, id);
    const lags = [0, 1, 2, 1000, million - 1, ...Array.from({ length: 8 }, () => stream.integer(million))];
    const want = await sampled(store, id, H, lags);
    const picked = (at: (h: number, l: number) => number) =>
      want.flatMap((row, h) => row.map((_, i) => at(h, lags[i])));
    const kernel = relativeError(
      picked((h, l) => K[h * million + l]),
      want.flat(),
    );
    assert.ok(kernel < limit.kernel, `the kernel is off by ${kernel}`);
    const answer = relativeError(
      picked((h, l) => y[l * H + h]),
      want.flat(),
    );
    assert.ok(answer < limit.recurrence, `the recurrence is off by ${answer}`);
    store.dispose();
  });

/** K[h, l] = C Abar^l Bbar from the stored parameters, directly. */
async function sampled(store: ParameterStore, id: string, H: number, lags: readonly number[]): Promise<number[][]> {
  const read = (name: string) => store.get(`m.layer.kernel.${name}`).read();
  const [invDt, aReal, aImag, B, C] = await Promise.all(['inv_dt', 'A_real', 'A_imag', 'B', 'C'].map(read));
  const M = C.length / (2 * H);
  const row = (x: ArrayLike<number>, h: number) => Array.from({ length: M }, (_, n) => pair(x, h * M + n));
  const dot = (a: readonly Complex[], b: readonly Complex[]) => a.reduce((sum, x, n) => sum + 2 * mul(x, b[n]).re, 0);
  const channels = Array.from({ length: H }, (_, h) => h);
  if (id === 's4d')
    return channels.map((h) => {
      const modes = row(C, h).map((c, n) => {
        const A = complex(-Math.exp(aReal[h * M + n]), -aImag[h * M + n]);
        const dt = Math.exp(invDt[h]);
        return { x: scale(A, dt), c: mul(mul(c, row(B, h)[n]), discretise('zoh', A, dt).f) };
      });
      return lags.map((l) => modes.reduce((sum, { x, c }) => sum + 2 * mul(c, exp(scale(x, l))).re, 0));
    });
  const stored = { H, S: H, M, rank: 1, invDt, aReal, aImag, P: await read('P') };
  return channels.map((h) => {
    const space = stateSpace(stored, h);
    const [unfolded] = refold(space, [row(C, h)], million, 'unfold');
    const { b } = dplrStep(space, row(B, h));
    return lags.map((l) => {
      if (l === 0) return dot(unfolded, b);
      // C - C (I - Abar^l)
      const [folded] = refold(space, [unfolded], l, 'fold');
      return dot(
        unfolded.map((c, n) => sub(c, folded[n])),
        b,
      );
    });
  });
}
