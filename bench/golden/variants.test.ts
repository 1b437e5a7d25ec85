/** Options that no stored case has: the adapters read them from the case, checked against formulas written out here. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { run as nn } from './families/nn.ts';
import { run as sgconv } from './families/sgconv.ts';
import type { GoldenCase, GoldenTensor } from './golden.ts';

const stream = new Streams(11).get('data');
const reference = await openDevice('reference');

/** A case made here: real parameters by shape, filled with normal values, and the tensors given. */
function made(
  family: string,
  config: object,
  shapes: Record<string, number[]>,
  given: Partial<GoldenTensor>[] = [],
): GoldenCase {
  const rest = { complex: false, offset: 0, nbytes: 0 };
  const tensors = Object.entries(shapes).map(([name, shape]): GoldenTensor => {
    const data = stream.normals(
      shape.reduce((a, b) => a * b, 1),
      1,
    );
    return { ...rest, name, role: 'param', dtype: 'f64', shape, data };
  });
  const all = [...tensors, ...given.map((t) => ({ ...rest, ...t }) as GoldenTensor)];
  const get = (name: string) => all.find((t) => t.name === name) as GoldenTensor;
  const has = (name: string) => all.some((t) => t.name === name);
  const tolerance = { f64_rtol: 1e-9, f32_rtol: 1e-4 };
  return { case: 'made', family, config, notes: '', tolerance, tensors: all, get, has };
}

/** One row of d values, each interval s times finer: nearest, or linear with the end values held. */
function stretched(w: ArrayLike<number>, s: number, nearest: boolean): number[] {
  const d = w.length;
  return Array.from({ length: d * s }, (_, i) => {
    if (nearest) return w[Math.floor(i / s)];
    const x = Math.max(0, (i + 0.5) / s - 0.5);
    const left = Math.floor(x);
    return w[left] + (x - left) * (w[Math.min(left + 1, d - 1)] - w[left]);
  });
}

const [H, L, d, n] = [3, 41, 4, 3];

/** SGConv's kernel before the cut to L, of channel h. */
function assembled(c: GoldenCase, h: number): number[] {
  const { mode, init_scale = 0, decay_min, decay_max } = c.config;
  const has = (word: string) => String(mode).includes(word);
  const ratio = has('learnable') ? 1 : decay_min + ((decay_max - decay_min) * h) / (H - 1);
  const parts = Array.from({ length: n }, (_, i) => {
    const w = c.get(`w${i}`).data.subarray(h * d, (h + 1) * d);
    const octaves = init_scale + (has('sum') ? i : Math.max(0, i - 1));
    return stretched(w, 2 ** octaves, has('nearest')).map((x) => x * ratio ** (n - 1 - i));
  });
  const length = d * 2 ** (n - 1 + init_scale);
  const whole = has('sum')
    ? Array.from({ length }, (_, j) => parts.reduce((s, p) => s + (p[j] ?? 0), 0))
    : parts.flat();
  if (!has('learnable')) return whole;
  const rate = c.get('decay').data[h];
  return whole.map((x, j) => x * (j + 1) ** -rate);
}

const modes = ['sum_cos', 'nearest_sum_randn', 'cat_randn_nearest', 'learnable_sum_randn', 'cat_randn_learnable_fixed'];
for (const mode of modes)
  for (const init_scale of [0, 2])
    test(`SGConv of mode ${mode}, init_scale ${init_scale}, without a recorded norm`, async () => {
      const shapes: Record<string, number[]> = { u: [2, H, L], D: [1, H], g: [2, H, L] };
      for (let i = 0; i < n; i++) shapes[`w${i}`] = [1, H, d];
      if (mode.includes('learnable')) shapes.decay = [H];
      const c = made('sgconv', { mode, init_scale, decay_min: 0.5, decay_max: 2 }, shapes);
      const { computed } = await sgconv(c, reference);
      const want = Array.from({ length: H }, (_, h) => {
        const k = assembled(c, h);
        const norm = Math.hypot(...k);
        return Array.from({ length: L }, (_, l) => (k[l] ?? 0) / norm);
      }).flat();
      assert.ok(relativeError(computed.get('kernel') ?? [], want) < 1e-12);
    });

test('a convolution layer whose activation is not given applies GELU, one with null applies none', async () => {
  const c = made('sgconv', { mode: 'cat_randn' }, { u: [1, 2, 5], D: [1, 2], w0: [1, 2, 5], g: [1, 2, 5] });
  const outputs = [undefined, 'gelu', null].map(async (activation) => {
    const config = activation === undefined ? c.config : { ...c.config, activation };
    return Array.from((await sgconv({ ...c, config }, reference)).computed.get('y') ?? []);
  });
  const [absent, gelu, none] = await Promise.all(outputs);
  assert.deepEqual(absent, gelu);
  assert.notDeepEqual(absent, none);
});

test('a negative padding row of an embedding counts from the end', async () => {
  const tokens: Partial<GoldenTensor> = {
    name: 'tokens',
    role: 'input',
    dtype: 'i32',
    shape: [4],
    data: Int32Array.of(0, 2, 2, 1),
  };
  const c = made('nn', { op: 'embedding', padding_idx: -1, grad_of: 'y' }, { weight: [3, 2], g: [4, 2] }, [tokens]);
  const { computed } = await nn(c, reference);
  const g = c.get('g').data;
  assert.deepEqual(Array.from(computed.get('grad_weight') ?? []), [g[0], g[1], g[6], g[7], 0, 0]);
});
