/** State space parameters stored in other ways than the stored cases', and S4 with a wider low-rank part in a network. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { fourier, fourierNormalForm } from '../../kernels/numerics/hippo.ts';
import { run as s4d } from './families/s4d.ts';
import { run as training } from './families/training.ts';
import type { GoldenCase } from './golden.ts';
import { goldenFolder, readGolden } from './golden.ts';
import { judge, madeCase, type Values } from './made-case.ts';
import { mixerBlock } from './mixers.ts';

const reference = await openDevice('reference');

const positive: Record<string, (x: number) => number> = {
  none: (x) => x,
  exp: Math.exp,
  relu: (x) => Math.max(x, 0) + 1e-4,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.log(1 + Math.exp(x)),
};

const [H, M, L] = [2, 3, 11];

/** 2 Re sum_n C_n B_n dt/(1 - dt A/2) ((1 + dt A/2)/(1 - dt A/2))^l, in pairs of numbers. */
function kernel({ config }: GoldenCase, values: Values): number[] {
  const of = (name: string, transform: string, i: number) => positive[transform](values(name)[i]);
  const mul = ([a, b]: number[], [c, d]: number[]) => [a * c - b * d, a * d + b * c];
  const over = ([a, b]: number[], [c, d]: number[]) => mul([a, b], [c / (c * c + d * d), -d / (c * c + d * d)]);
  const out: number[] = [];
  for (let h = 0; h < H; h++)
    for (let l = 0; l < L; l++) {
      const dt = of('inv_dt', config.dt_transform, h);
      let sum = 0;
      for (let i = h * M; i < (h + 1) * M; i++) {
        const x = [
          -of('A_real', config.real_transform, i) * dt * 0.5,
          -of('A_imag', config.imag_transform, i) * dt * 0.5,
        ];
        const pair = (name: string) => [values(name)[2 * i], values(name)[2 * i + 1]];
        let c = over(mul(pair('C'), pair('B')), [1 - x[0], -x[1]]);
        for (let j = 0; j < l; j++) c = mul(c, over([1 + x[0], x[1]], [1 - x[0], -x[1]]));
        sum += 2 * dt * c[0];
      }
      out.push(sum);
    }
  return out;
}

for (const [dt_transform, real_transform, imag_transform] of [
  ['softplus', 'exp', 'none'],
  ['exp', 'sigmoid', 'exp'],
  ['sigmoid', 'softplus', 'softplus'],
  ['exp', 'relu', 'none'],
  ['none', 'none', 'relu'],
])
  test(`S4D whose parameters are stored by ${dt_transform}, ${real_transform}, ${imag_transform}`, async () => {
    const near = { scale: 0.1, shift: 0.5 };
    const c = madeCase(
      's4d',
      { H, N: 2 * M, L, disc: 'bilinear', dt_transform, real_transform, imag_transform },
      {
        ...{
          inv_dt: { shape: [H, 1], ...near },
          A_real: { shape: [H, M], ...near },
          A_imag: { shape: [H, M], ...near },
        },
        ...{ B: { shape: [1, H, M, 2] }, C: { shape: [1, H, M, 2] }, g: { shape: [1, H, L], role: 'cotangent' } },
      },
    );
    const { computed, implementation } = await s4d(c, reference);
    computed.set('y', computed.get('K') ?? []);
    judge(c, { computed, implementation }, (values) => kernel(c, values));
  });

test('the normal form of the Fourier basis gives its matrix back', () => {
  const N = 10;
  const { A, B, P } = fourier(N);
  const { lambda, V, P: rows } = fourierNormalForm(N);
  const M = N / 2;
  for (let n = 0; n < N; n++) {
    const at = (k: number) => [V.re[n * M + k], V.im[n * M + k]];
    for (let m = 0; m < N; m++) {
      let sum = -P[n] * P[m];
      for (let k = 0; k < M; k++) {
        const [a, b] = at(k);
        const [c, d] = [V.re[m * M + k], V.im[m * M + k]];
        sum += 2 * (lambda[k].re * (a * c + b * d) - lambda[k].im * (b * c - a * d));
      }
      assert.ok(Math.abs(sum - A[n * N + m]) < 1e-12, `A[${n}, ${m}] is ${A[n * N + m]}, its modes say ${sum}`);
    }
    const projected = rows.reduce((s, p, k) => s + 2 * (at(k)[0] * p.re - at(k)[1] * p.im), 0);
    assert.ok(Math.abs(projected - B[n]) < 1e-12);
  }
});

test("S4's low-rank part has as many rows in a network as the case gives", () => {
  const P = { shape: [2, 4, 3, 2] };
  const c = madeCase('network', { mixers: ['s4'] }, { 'mixers.0.layer.kernel.P': P });
  const { config } = mixerBlock(c, 's4', 'mixers.0.') as { config: { rank: number } };
  assert.equal(config.rank, 2);
});

test('a training run without a schedule follows its table of factors, and without a table a constant rate', async () => {
  const c = readGolden(`${goldenFolder}/train_s4d_layer_pre_cosine_L28.json`);
  const losses = async (config: object) => {
    const { computed } = await training({ ...c, config: { ...c.config, steps: 4, ...config } }, reference);
    return Array.from(computed.get('losses') ?? []);
  };
  const table = await losses({ schedule: null });
  assert.deepEqual(table, await losses({}));
  assert.deepEqual(
    await losses({ schedule: undefined, lr_factor: undefined }),
    await losses({ schedule: { kind: 'constant' } }),
  );
});
