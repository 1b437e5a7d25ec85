/** The start of S5: the blocks are HiPPO's normal part, and B and C are those of the system before the rotation. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { legs } from '../../kernels/numerics/hippo.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import { blockStart } from './block-start.ts';
import { cutDeviation, lecunNormals } from './lecun.ts';

/** The real P x P matrix of one HiPPO normal part per block. */
function normalParts(P: number, J: number): Float64Array {
  const size = P / J;
  const { A, P: low } = legs(size);
  const out = new Float64Array(P * P);
  for (let i = 0; i < P; i++)
    for (let j = 0; j < P; j++)
      if (Math.floor(i / size) === Math.floor(j / size)) {
        const [a, b] = [i % size, j % size];
        out[i * P + j] = A[a * size + b] + low[a] * low[b];
      }
  return out;
}

for (const [P, J, conjugate] of [
  [8, 1, true],
  [24, 3, true],
  [12, 2, false],
  [15, 3, false],
  [1, 1, false],
] as [number, number, boolean][])
  test(`${P} states in ${J} blocks, ${conjugate ? 'pairs' : 'all modes'}: the first Markov parameters`, () => {
    // C A^k B of the real system against k Re(C V lambda^k V^H B): any error of the modes, of B or of C shows.
    const [H, rows] = [3, 2];
    const stream = new Stream(5, `${P} ${J}`);
    const B = stream.normals(P * H);
    // A real C: then the kept half of the modes stands for the other by conjugation.
    const C = Float64Array.from({ length: 2 * rows * P }, (_, i) => (i % 2 === 0 ? stream.normals(1)[0] : 0));
    const start = blockStart(P, J, conjugate);
    assert.equal(start.modes, conjugate ? P / 2 : P);
    const [b, c] = [start.into(B, H), start.outOf(C, rows)];
    const A = normalParts(P, J);
    let moved = B;
    let powers = Array.from({ length: start.modes }, () => [1, 0]);
    for (let k = 0; k < 4; k++) {
      const want = new Float64Array(rows * H);
      const got = new Float64Array(rows * H);
      for (let r = 0; r < rows; r++)
        for (let h = 0; h < H; h++) {
          for (let p = 0; p < P; p++) want[r * H + h] += C[2 * (r * P + p)] * moved[p * H + h];
          for (let m = 0; m < start.modes; m++) {
            const [x, y] = [2 * (r * start.modes + m), 2 * (m * H + h)];
            const [re, im] = [c[x] * b[y] - c[x + 1] * b[y + 1], c[x] * b[y + 1] + c[x + 1] * b[y]];
            got[r * H + h] += (conjugate ? 2 : 1) * (re * powers[m][0] - im * powers[m][1]);
          }
        }
      assert.ok(relativeError(got, want) < 1e-12, `C A^${k} B is off by ${relativeError(got, want)}`);
      const next = new Float64Array(P * H);
      for (let i = 0; i < P; i++)
        for (let j = 0; j < P; j++) for (let h = 0; h < H; h++) next[i * H + h] += A[i * P + j] * moved[j * H + h];
      moved = next;
      powers = powers.map(([x, y], m) => [
        x * start.lambdaRe[m] - y * start.lambdaIm[m],
        x * start.lambdaIm[m] + y * start.lambdaRe[m],
      ]);
    }
  });

test('blocks that do not come out even are named', () => {
  assert.throws(() => blockStart(10, 3, true), /10 states do not divide into 3 blocks/);
  assert.throws(() => blockStart(9, 3, true), /blocks of 3 states have no conjugate pairs/);
  assert.throws(() => blockStart(8, 0.5, true), /do not divide/);
});

test("LeCun's normal values have their variance and stay within two deviations of the normal that was cut", () => {
  const n = 40_000;
  const x = lecunNormals(new Stream(1, 'lecun'), n, 50);
  const power = x.reduce((s, v) => s + v * v, 0) / n;
  assert.ok(Math.abs(power * 50 - 1) < 0.03, `${power * 50} times the variance`);
  const limit = 2 / (cutDeviation * Math.sqrt(50));
  assert.ok(x.every((v) => Math.abs(v) <= limit) && x.some((v) => Math.abs(v) > 0.98 * limit));
});
