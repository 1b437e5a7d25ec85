/** The fold of S4's C: inverse, extension, very long lengths, and agreement with the kernel that it is made for. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../device/registry.ts';
import { relativeError } from '../ops/check.ts';
import { s4Kernel } from '../ops/s4-kernel/op.ts';
import { Stream } from '../tensor/random.ts';
import { Tape } from '../tensor/tape.ts';
import { type Complex, complex, div, exp, logBilinear, mul, one, scale, sub } from './complex.ts';
import { legsNormalForm, storedModes } from './hippo.ts';
import { recurrentKernel, refold, refoldAll, type StateSpace, type StoredS4, stateSpace } from './s4-fold.ts';

const pairs = (x: readonly Complex[]): number[] => x.flatMap(({ re, im }) => [re, im]);
const random = (n: number, name: string): Complex[] => {
  const data = new Stream(5, name).normals(2 * n);
  return Array.from({ length: n }, (_, i) => complex(data[2 * i], data[2 * i + 1]));
};
function legsSpace(N: number, delta: number): StateSpace {
  const { lambda, P } = legsNormalForm(N);
  return { delta, lambda, P: [P] };
}

test('unfold undoes fold, and extend is the fold with twice the length', () => {
  for (const L of [1, 2, 101, 4096]) {
    const space = legsSpace(16, 0.01);
    const C = random(8, 'C');
    const [folded] = refold(space, [C], L, 'fold');
    assert.ok(relativeError(pairs(refold(space, [folded], L, 'unfold')[0]), pairs(C)) < 1e-9, `L = ${L}`);
    const [longer] = refold(space, [folded], L, 'extend');
    assert.ok(relativeError(pairs(longer), pairs(refold(space, [C], 2 * L, 'fold')[0])) < 1e-12, `L = ${L}`);
  }
});

test('without a low-rank part the fold is the diagonal one, at a million steps', () => {
  const L = 1_000_000;
  const lambda = [complex(-1e-5, -3), complex(-2e-6, -40.25), complex(-0.5, 0)];
  const space = { delta: 0.02, lambda, P: [[complex(0), complex(0), complex(0)]] };
  const C = random(3, 'diagonal');
  const want = lambda.map((l, n) => mul(C[n], sub(one, exp(scale(logBilinear(scale(l, space.delta)), L)))));
  assert.ok(relativeError(pairs(refold(space, [C], L, 'fold')[0]), pairs(want)) < 1e-9);
});

test('a long fold of LegS loses nothing: it is C where the state has died out', () => {
  const space = legsSpace(64, 0.01);
  const C = random(32, 'long');
  assert.ok(relativeError(pairs(refold(space, [C], 2 ** 20, 'fold')[0]), pairs(C)) < 1e-12);
});

test('the kernel of the folded C is the recurrence of C, rank 2, shared copies, odd length', async () => {
  const [H, S, M, rank, L] = [4, 2, 5, 2, 77];
  const stream = new Stream(9, 'kernel');
  const stored: StoredS4 = {
    H,
    S,
    M,
    rank,
    invDt: stream.uniforms(H, -4, -2),
    aReal: stream.normals(S * M, 0.3),
    aImag: stream.uniforms(S * M, 0, 20),
    P: stream.normals(rank * S * M * 2),
  };
  const B = stream.normals(S * M * 2);
  const C = stream.normals(H * M * 2);
  using t = new Tape(await openDevice('reference'));
  const put = (data: ArrayLike<number>, shape: number[]) => t.tensor(data, shape);
  const K = s4Kernel(
    t,
    {
      invDt: put(stored.invDt, [H, 1]),
      aReal: put(stored.aReal, [S, M]),
      aImag: put(stored.aImag, [S, M]),
      P: put(stored.P, [rank, S, M, 2]),
      B: put(B, [1, S, M, 2]),
      C: put(refoldAll(stored, C, L, 'fold'), [1, H, M, 2]),
    },
    { length: L, internalLength: L },
  );
  const row = (x: Float64Array, i: number) =>
    Array.from({ length: M }, (_, n) => complex(x[2 * (i * M + n)], x[2 * (i * M + n) + 1]));
  const want = Array.from({ length: H }, (_, h) => [
    ...recurrentKernel(stateSpace(stored, h), row(B, h % S), row(C, h), L),
  ]).flat();
  assert.ok(relativeError(await K.read(), want) < 1e-11);
});

test('the recurrence of a diagonal space is its geometric series', () => {
  const lambda = [complex(-0.3, -2)];
  const space = { delta: 0.1, lambda, P: [] };
  const { aReal } = storedModes(lambda);
  assert.ok(Math.abs(aReal[0] - Math.log(0.3)) < 1e-15);
  const x = scale(lambda[0], 0.1);
  const input = scale(div(one, sub(one, scale(x, 0.5))), 0.1);
  const want = Array.from({ length: 20 }, (_, l) => 2 * mul(input, exp(scale(logBilinear(x), l))).re);
  assert.ok(relativeError(recurrentKernel(space, [one], [one], 20), want) < 1e-14);
});
