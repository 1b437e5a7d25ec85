/** Family `nn` with options that no stored case has, against PyTorch's definitions written out here. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import { run } from './families/nn.ts';
import type { GoldenCase, GoldenTensor } from './golden.ts';

const devices = [
  { device: await openDevice('reference'), limit: 1e-12 },
  { device: await openDevice('cpu'), limit: 3e-6 },
];
const stream = new Stream(29, 'nn variants');

/** Inputs by name: [shape, values]; whole-number values become integers when `integers` lists them. */
function made(
  config: object,
  inputs: Record<string, [number[], ArrayLike<number>]>,
  integers: string[] = [],
): GoldenCase {
  const rest = { complex: false, offset: 0, nbytes: 0, role: 'input' as const };
  const tensors = Object.entries(inputs).map(
    ([name, [shape, data]]): GoldenTensor =>
      integers.includes(name)
        ? { ...rest, name, shape, dtype: 'i32', data: Int32Array.from(data) }
        : { ...rest, name, shape, dtype: 'f64', data: Float64Array.from(data) },
  );
  return {
    ...{ case: 'made', family: 'nn', config, notes: '', tolerance: { f64_rtol: 1e-9, f32_rtol: 1e-4 }, tensors },
    get: (name) => {
      const t = tensors.find((x) => x.name === name);
      if (!t) throw new Error(`the case has no ${name}`);
      return t;
    },
    has: (name) => tensors.some((t) => t.name === name),
  };
}

async function expect(c: GoldenCase, want: Record<string, ArrayLike<number>>): Promise<void> {
  for (const { device, limit } of devices) {
    const { computed } = await run(c, device);
    for (const [name, values] of Object.entries(want)) {
      const error = relativeError(computed.get(name) ?? [], values);
      assert.ok(error < limit, `${JSON.stringify(c.config)}: ${name} is off by ${error} on ${device.info.id}`);
    }
  }
}

/** Costs of all rows and their slopes times the cotangent of each row. */
function costs(logits: Float64Array, C: number, labels: number[], ignored: number, w: Float64Array, e: number) {
  const slopes: number[] = [];
  const rows = labels.map((label, i) => {
    const z = logits.subarray(i * C, (i + 1) * C);
    const top = Math.max(...z);
    const lse = top + Math.log(z.reduce((sum, x) => sum + Math.exp(x - top), 0));
    const sum = w.reduce((s, x) => s + x, 0);
    for (let c = 0; c < C; c++) {
      const p = Math.exp(z[c] - lse);
      const own = label === ignored ? 0 : w[label] * (p - Number(c === label));
      slopes.push(label === ignored ? 0 : (1 - e) * own + (e / C) * (p * sum - w[c]));
    }
    if (label === ignored) return 0;
    return (1 - e) * w[label] * (lse - z[label]) + (e / C) * w.reduce((s, x, c) => s + x * (lse - z[c]), 0);
  });
  return { rows, slopes };
}

for (const reduction of ['mean', 'sum', 'none', null])
  for (const ignored of [-100, 2])
    for (const smoothing of [0, 0.3])
      for (const weighted of [false, true])
        test(`cross entropy ${reduction}, ignoring ${ignored}, smoothing ${smoothing}, weights ${weighted}`, async () => {
          const [n, C] = [11, 5];
          const labels = Array.from({ length: n }, (_, i) => (i % 4 === 1 ? ignored : stream.integer(C)));
          const logits = stream.normals(n * C, 30);
          const w = weighted ? stream.uniforms(C, 0.2, 2) : new Float64Array(C).fill(1);
          const { rows, slopes } = costs(logits, C, labels, ignored, w, smoothing);
          const counted = labels.reduce((sum, label) => sum + (label === ignored ? 0 : w[label]), 0);
          const divisor = reduction === 'mean' || reduction === null ? counted : 1;
          const whole = rows.reduce((a, b) => a + b, 0) / divisor;
          const loss = reduction === 'none' ? rows : [whole];
          const g = stream.normals(loss.length);
          const grad = slopes.map((s, i) => (s * g[reduction === 'none' ? Math.floor(i / C) : 0]) / divisor);
          const config = { op: 'cross_entropy', reduction, ignore_index: ignored, label_smoothing: smoothing };
          const inputs: Record<string, [number[], ArrayLike<number>]> = {
            logits: [[n, C], logits],
            targets: [[n], labels],
            g: [[loss.length], g],
          };
          if (weighted) inputs.class_weights = [[C], w];
          const c = made({ ...config, grad_of: 'loss' }, inputs, ['targets']);
          await expect(c, { loss, grad_logits: grad });
        });

test('batch norm without weights, with the plain average of all batches as running statistics', async () => {
  const shape = [3, 2, 5];
  const [C, L, count] = [2, 5, 15];
  const batches = [0, 1, 2].map((shift) => stream.normals(30).map((x) => x + shift));
  const channel = (x: Float64Array, c: number) => Array.from(x).filter((_, i) => Math.floor(i / L) % C === c);
  const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length;
  const variance = (x: number[]) => x.reduce((s, v) => s + (v - mean(x)) ** 2, 0) / x.length;
  const want: Record<string, number[]> = {};
  for (const i of batches.keys()) {
    const over = (f: (x: number[]) => number) =>
      [0, 1].map((c) => mean(batches.slice(0, i + 1).map((x) => f(channel(x, c)))));
    want[`running_mean_${i + 1}`] = over(mean);
    want[`running_var_${i + 1}`] = over((x) => (variance(x) * count) / (count - 1));
  }
  const [last] = batches.slice(-1);
  const at = (i: number) => Math.floor(i / L) % C;
  const scaled = (m: number[], v: number[]) => Array.from(last, (x, i) => (x - m[at(i)]) / Math.sqrt(v[at(i)] + 1e-5));
  const own = (f: (x: number[]) => number) => [0, 1].map((c) => f(channel(last, c)));
  want.y = scaled(own(mean), own(variance));
  want.y_eval = scaled(want.running_mean_3, want.running_var_3);
  const normals = (): [number[], Float64Array] => [shape, stream.normals(30)];
  const [x1, x2, x] = batches.map((data): [number[], Float64Array] => [shape, data]);
  const c = made({ op: 'batchnorm', momentum: null }, { x1, x2, x, g: normals(), g_eval: normals() });
  want.grad_eval_x = Array.from(c.get('g_eval').data, (g, i) => g / Math.sqrt(want.running_var_3[at(i)] + 1e-5));
  await expect(c, want);
});

test('layer norm: eps null is that of PyTorch', async () => {
  const x = stream.normals(21, 1e-2);
  const y = Array.from({ length: 3 }, (_, r) => {
    const row = Array.from(x.subarray(7 * r, 7 * r + 7));
    const mean = row.reduce((a, b) => a + b, 0) / 7;
    const variance = row.reduce((s, v) => s + (v - mean) ** 2, 0) / 7;
    return row.map((v) => (v - mean) / Math.sqrt(variance + 1e-5));
  }).flat();
  await expect(made({ op: 'layernorm', eps: null }, { x: [[3, 7], x], g: [[3, 7], stream.normals(21)] }), { y });
});
