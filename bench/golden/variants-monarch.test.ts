/** Family `monarch` with sizes and options that no stored case has, against sums written out here. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { run } from './families/monarch.ts';
import { type GoldenCase, type GoldenTensor, UnsupportedCase } from './golden.ts';

const stream = new Streams(13).get('data');
const devices = [
  { device: await openDevice('reference'), limit: 1e-11 },
  { device: await openDevice('cpu'), limit: 3e-6 },
];
const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);

/** Shapes of operands, normal values; a shape that ends in `complex` is of (re, im) pairs. Outputs get their names. */
function made(config: object, operands: Record<string, number[]>, outputs: Record<string, number[]>, complex = ['']) {
  const rest = { dtype: 'f64' as const, offset: 0, nbytes: 0 };
  const tensors: GoldenTensor[] = [
    ...Object.entries(operands).map(([name, shape]): GoldenTensor => {
      const role = name === 'g' ? 'cotangent' : 'input';
      const data = stream.normals(product(shape), 1);
      return { ...rest, name, role, shape, complex: complex.includes(name), data };
    }),
    ...Object.entries(outputs).map(([name, shape]): GoldenTensor => {
      const role = name.startsWith('grad_') ? 'grad' : 'output';
      return { ...rest, name, role, shape, complex: false, data: new Float64Array(product(shape)) };
    }),
  ];
  const get = (name: string) => tensors.find((t) => t.name === name) as GoldenTensor;
  const c: GoldenCase = {
    case: 'made',
    family: 'monarch',
    config,
    notes: '',
    tolerance: { f64_rtol: 1e-9, f32_rtol: 1e-4 },
    tensors,
    get,
    has: (name) => tensors.some((t) => t.name === name),
  };
  return c;
}

async function expect(c: GoldenCase, want: Record<string, ArrayLike<number>>): Promise<void> {
  for (const { device, limit } of devices) {
    const { computed } = await run(c, device);
    for (const [name, values] of Object.entries(want)) {
      const error = relativeError(computed.get(name) ?? [], values);
      assert.ok(error < limit, `${name} on ${device.info.id}: ${error}`);
    }
  }
}

/** Pairs (re, im) of sum_j x[j] exp(-2 pi i j k / N); x real, or pairs when `complex`. */
function dft(x: ArrayLike<number>, N: number, complex: boolean): number[] {
  return Array.from({ length: N }, (_, k) => {
    let [re, im] = [0, 0];
    for (let j = 0; j < N; j++) {
      const angle = (-2 * Math.PI * ((j * k) % N)) / N;
      const [a, b] = complex ? [x[2 * j], x[2 * j + 1]] : [x[j], 0];
      re += a * Math.cos(angle) - b * Math.sin(angle);
      im += a * Math.sin(angle) + b * Math.cos(angle);
    }
    return [re, im];
  }).flat();
}

for (const [factors, complex] of [
  [[3, 7], false],
  [[8, 5], true],
  [[2, 3, 5], true],
  [[5, 4, 3, 2], false],
  [[13], true],
] as [number[], boolean][])
  test(`the ${complex ? 'complex' : 'real'} DFT of factors ${factors.join(' x ')} and its first step`, async () => {
    const N = product(factors);
    const config = { N, ...Object.fromEntries(factors.map((n, i) => [`n${i + 1}`, n])) };
    const [n1, n2] = [factors[0], N / factors[0]];
    const pairs = [n1, n2, 2];
    const outputs = { step1: pairs, step2: pairs, permuted: [...factors, 2], natural: [N, 2] };
    const c = made(config, { x: complex ? [N, 2] : [N] }, outputs, complex ? ['x'] : []);
    const x = c.get('x').data;
    const natural = dft(x, N, complex);
    const [step1, step2, permuted]: number[][] = [[], [], []];
    for (let k1 = 0; k1 < n1; k1++)
      for (let j2 = 0; j2 < n2; j2++) {
        const column = Array.from({ length: n1 }, (_, j1) =>
          complex ? [x[2 * (j1 * n2 + j2)], x[2 * (j1 * n2 + j2) + 1]] : [x[j1 * n2 + j2], 0],
        );
        const [re, im] = dft(column.flat(), n1, true).slice(2 * k1, 2 * k1 + 2);
        const [co, si] = [Math.cos((2 * Math.PI * k1 * j2) / N), -Math.sin((2 * Math.PI * k1 * j2) / N)];
        step1.push(re, im);
        step2.push(re * co - im * si, re * si + im * co);
      }
    for (let i = 0; i < N; i++) {
      // Row-major digits (k1, ..., kp) of i stand for frequency k1 + n1 k2 + n1 n2 k3 + ...
      let [rest, stride, k] = [i, N, 0];
      const digits = factors.map((n) => {
        stride /= n;
        const digit = Math.floor(rest / stride);
        rest -= digit * stride;
        return digit;
      });
      for (const [d, digit] of digits.entries()) k += digit * product(factors.slice(0, d));
      permuted.push(natural[2 * k], natural[2 * k + 1]);
    }
    await expect(c, { natural, permuted, step1, step2 });
  });

for (const [m, l, B, H = 1] of [
  [5, 12, 3],
  [2, 1, 1],
  [1, 17, 2],
  [16, 64, 1],
  [7, 13, 2],
  [3, 8, 2, 5],
])
  test(`three passes over ${m} rows of ${l}, no zeros anywhere, ${H} kernel${H > 1 ? 's' : ''}`, async () => {
    const N = m * l;
    const rows = H > 1 ? [B, H] : [B];
    const planes = [...rows, m, l, 2];
    const c = made(
      { N, m, l },
      { u: [...rows, N], k: H > 1 ? [H, N] : [N] },
      { pass1: planes, pass2: planes, y: [...rows, N] },
    );
    const [u, k] = [c.get('u').data, c.get('k').data];
    const [pass1, pass2, y]: number[][] = [[], [], []];
    for (let b = 0; b < B * H; b++) {
      const own = k.subarray((b % H) * N, (b % H) * N + N);
      const K = dft(own, N, false);
      for (let t = 0; t < N; t++) {
        let sum = 0;
        for (let s = 0; s < N; s++) sum += own[(t - s + N) % N] * u[b * N + s];
        y.push(sum);
      }
      for (let k1 = 0; k1 < m; k1++) {
        const z: number[] = [];
        for (let j2 = 0; j2 < l; j2++) {
          let [re, im] = [0, 0];
          for (let j1 = 0; j1 < m; j1++) {
            const angle = (-2 * Math.PI * (k1 * (j1 * l + j2))) / N;
            re += u[b * N + j1 * l + j2] * Math.cos(angle);
            im += u[b * N + j1 * l + j2] * Math.sin(angle);
          }
          z.push(re, im);
        }
        pass1.push(...z);
        const Z = dft(z, l, true);
        const P = Array.from({ length: l }, (_, q) => {
          const [a, d, e, f] = [Z[2 * q], Z[2 * q + 1], K[2 * (k1 + m * q)], K[2 * (k1 + m * q) + 1]];
          return [a * e - d * f, -(a * f + d * e)];
        });
        pass2.push(...dft(P.flat(), l, true).map((v, i) => (i % 2 ? -v : v) / l));
      }
    }
    await expect(c, { y, pass1, pass2 });
  });

/** The learned transform as one sum over all inputs: a product over the levels of entries and twiddles. */
function learned(x: number[][], factors: number[], matrix: (level: number, k: number, j: number) => number[]) {
  const N = product(factors);
  return Array.from({ length: N }, (_, k) => {
    let [re, im] = [0, 0];
    for (let j = 0; j < x.length; j++) {
      let [a, b] = x[j];
      let [restJ, restK, size] = [j, k, N];
      for (const [level, n] of factors.entries()) {
        const below = size / n;
        const [dj, dk] = [Math.floor(restJ / below), restK % n];
        restJ %= below;
        restK = Math.floor(restK / n);
        const angle = level + 1 < factors.length ? (-2 * Math.PI * dk * restJ) / size : 0;
        const [c, d] = matrix(level, dk, dj);
        const [p, q] = [c * Math.cos(angle) - d * Math.sin(angle), c * Math.sin(angle) + d * Math.cos(angle)];
        [a, b] = [a * p - b * q, a * q + b * p];
        size = below;
      }
      re += a;
      im += b;
    }
    return [re, im];
  }).flat();
}

const options: [string, Record<string, unknown>, number[], number, boolean][] = [
  ['per channel, N rounded up', { N: 27, max_m: 4, H: 3 }, [4, 4, 2], 3, false],
  ['no larger than the largest matrix', { N: 8, max_m: 16, H: 1, additive: false }, [8], 1, false],
  ['additive', { N: 32, max_m: 8, H: 1, learn_additive: true }, [8, 4], 1, false],
  ['complex input, per channel, additive', { N: 16, max_m: 2, H: 2, additive: true }, [2, 2, 2, 2], 2, true],
  [
    'without dropout, with its exact matrices',
    { N: 16, max_m: 4, dropout: 0, learn_dft_matrices: false },
    [4, 4],
    1,
    false,
  ],
  ['backwards', { N: 32, max_m: 4, forward: false }, [4, 4, 2], 1, true],
];
for (const [name, config, factors, heads, complex] of options)
  test(`learned butterfly: ${name}`, async () => {
    const [B, H, L, N] = [2, 3, 7, product(factors)];
    const channels = heads === 1 ? H : heads;
    const sizes = [...new Set([...factors, 2])];
    const matrices = Object.fromEntries(sizes.map((n) => [`mat_${n}`, [heads, n, n, 2]]));
    const row = complex ? [L, 2] : [L];
    const outputs = { y: [B, channels, N, 2], grad_x: [B, channels, ...row], ...gradients(matrices) };
    const c = made(
      config,
      { x: [B, channels, ...row], ...matrices, g: [B, channels, N, 2] },
      outputs,
      complex ? ['x'] : [],
    );
    const exact = config.learn_dft_matrices === false;
    const additive = config.additive === true || config.learn_additive === true;
    const back = config.forward === false;
    const value = () => {
      const y: number[] = [];
      for (let r = 0; r < B * channels; r++) {
        const data = c.get('x').data;
        const at = (j: number) => (complex ? [data[2 * (r * L + j)], data[2 * (r * L + j) + 1]] : [data[r * L + j], 0]);
        const x = Array.from({ length: L }, (_, j) => (back ? [at(j)[0], -at(j)[1]] : at(j)));
        const z = learned(x, factors, (level, k, j) => {
          const n = factors[level];
          const turn = (-2 * Math.PI * k * j) / n;
          const fixed = exact || additive ? [Math.cos(turn), Math.sin(turn)] : [0, 0];
          if (exact) return fixed;
          const e = 2 * (((heads === 1 ? 0 : r % channels) * n + k) * n + j);
          const M = c.get(`mat_${n}`).data;
          return [fixed[0] + M[e], fixed[1] + M[e + 1]];
        });
        y.push(...(back ? z.map((v, i) => (i % 2 ? -v : v) / N) : z));
      }
      return y;
    };
    const loss = () => value().reduce((s, v, i) => s + v * c.get('g').data[i], 0);
    const want: Record<string, ArrayLike<number>> = { y: value() };
    await expect(c, want);
    // A few coordinates of each gradient by central differences.
    const { computed } = await run(c, devices[0].device);
    for (const of of ['x', ...Object.keys(matrices)]) {
      const data = c.get(of).data;
      const gradient = Array.from(computed.get(`grad_${of}`) ?? []);
      assert.equal(gradient.length, data.length);
      const scale = Math.max(1, ...gradient.map(Math.abs));
      for (let i = 0; i < 3; i++) {
        const at = stream.integer(data.length);
        const start = data[at];
        data[at] = start + 1e-4;
        const up = loss();
        data[at] = start - 1e-4;
        const slope = (up - loss()) / 2e-4;
        data[at] = start;
        assert.ok(Math.abs(slope - gradient[at]) < 1e-6 * scale, `${of}[${at}]: ${gradient[at]}, slope ${slope}`);
      }
    }
  });

function gradients(shapes: Record<string, number[]>): Record<string, number[]> {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [`grad_${name}`, shape]));
}

for (const N of [2, 30, 198])
  test(`a real transform of ${N} packed into a complex one`, async () => {
    const c = made({ N }, { x: [N] }, { Z: [N / 2, 2], X: [N / 2 + 1, 2] });
    const x = c.get('x').data;
    await expect(c, { X: dft(x, N, false).slice(0, N + 2), Z: dft(x, N / 2, true) });
  });

test('what is not known is refused with a sentence', async () => {
  const [{ device }] = devices;
  const x = { x: [16] };
  await assert.rejects(run(made({ N: 16, n1: 4, n2: 4, precision: 'tf32' }, x, {}), device), UnsupportedCase);
  await assert.rejects(run(made({ N: 16, n1: 4, n2: 5 }, x, {}), device), UnsupportedCase);
  await assert.rejects(run(made({ N: 16, max_m: 4, activation: 'relu' }, x, {}), device), UnsupportedCase);
  await assert.rejects(run(made({ other: 1 }, x, {}), device), /no operation with the options other/);
});
