/** Our mixers, whole, against the golden cases of single layers: two-sided, channels, modes, every gradient. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Device } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { wholeKernelNorm } from '../../kernels/ops/sgconv-kernel/reference.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { loadMixer, mixerConfig } from '../../models/mixer.ts';
import { ParameterStore } from '../../models/parameters.ts';
import { type GoldenCase, goldenFiles, readGolden } from './golden.ts';
import { mixerBlock } from './mixers.ts';
import { namedValues, valuesOf } from './networks.ts';

/** Names of a layer case's parameters, where they are not ours. */
const ours: [RegExp, string][] = [
  [/^K$/, 'kernel.kernel'],
  [/^w(\d+)$/, 'kernel_list.$1'],
];

/** The case with its tensors renamed to what the network cases call them. */
function renamed(c: GoldenCase): GoldenCase {
  const output = c.config.postact === 'glu' ? 'output_linear.0' : 'output_linear';
  const rules: [RegExp, string][] = [...ours, [/^W_out$/, `${output}.weight`], [/^b_out$/, `${output}.bias`]];
  const rename = (name: string): string => {
    if (name.startsWith('grad_')) return `grad_${rename(name.slice(5))}`;
    const rule = rules.find(([pattern]) => pattern.test(name));
    return rule ? name.replace(rule[0], rule[1]) : name;
  };
  const tensors = c.tensors.map((t) => ({ ...t, name: rename(t.name) }));
  const byName = new Map(tensors.map((t) => [t.name, t]));
  const get = (name: string) => {
    const t = byName.get(name);
    if (!t) throw new Error(`${c.case} has no tensor "${name}"`);
    return t;
  };
  return { ...c, tensors, has: (name) => byName.has(name), get };
}

const kindOf = ({ family, config }: GoldenCase): string => (config.mode === 'diag' ? 's4d' : family);

/** (B, H, L) to (B, L, H), or back. */
function swapped(x: ArrayLike<number>, [B, H, L]: readonly number[]): Float64Array {
  const y = new Float64Array(x.length);
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++) for (let l = 0; l < L; l++) y[(b * L + l) * H + h] = x[(b * H + h) * L + l];
  return y;
}

async function check(c: GoldenCase, device: Device): Promise<void> {
  const made = mixerBlock(c, kindOf(c), '');
  assert.ok(made, `${c.case}: no mixer`);
  const definition = await loadMixer(made.mixer);
  const store = new ParameterStore(device);
  const [B, H, L] = c.get('u').shape;
  const size = { width: H, length: L, layers: 1, dropout: 0, tiedDropout: false };
  const mixer = definition.build(store.at(''), size, mixerConfig(definition, made.config), new Streams(0));
  for (const p of store.parameters) p.tensor.write(valuesOf(c, p.name.slice(1)));
  for (const [name, t] of store.buffers) t.write(c.get(name.slice(1)).data);
  const limit = device.real === 'f64' ? c.tolerance.f64_rtol : c.tolerance.f32_rtol;
  const compare = (name: string, got: ArrayLike<number>) => {
    const error = relativeError(got, c.get(name).data);
    assert.ok(error <= limit, `${c.case} on ${device.info.id}: ${name} is off by ${error} (limit ${limit})`);
  };
  const t = new Tape(device);
  const x = t.tensor(swapped(c.get('u').data, [B, H, L]), [B, L, H], 'real', true);
  const y = mixer.forward(t, x, {});
  const g = t.tensor(swapped(c.get('g').data, [B, H, L]), [B, L, H]);
  compare('y', swapped(await y.read(), [B, L, H]));
  const [gradX] = t.backward(y, g, [x]);
  compare('grad_u', swapped((await gradX?.read()) ?? [], [B, L, H]));
  for (const p of store.parameters) {
    assert.ok(p.tensor.grad, `${c.case}: ${p.name} has no gradient`);
    for (const [name, values] of namedValues(c, p.name.slice(1), await p.tensor.grad.read(), 'grad_'))
      compare(name, values);
  }
  t.close();
  store.dispose();
}

const vectors = join(dirname(fileURLToPath(import.meta.url)), 'vectors');
const layers = goldenFiles(vectors)
  .map((f) => readGolden(f))
  .filter((c) => ['s4', 's4d', 'longconv', 'sgconv'].includes(c.family) && c.has('u') && c.has('y'))
  .map(renamed);

for (const id of ['reference', 'cpu']) {
  const device = await openDevice(id);
  for (const c of layers) test(`the ${kindOf(c)} mixer gives ${c.case} on ${id}`, () => check(c, device));
}

test("SGConv's norm from the initial pieces is the one that its authors record at the first pass", () => {
  const recorded = layers.filter((c) => c.has('kernel_norm'));
  assert.ok(recorded.length > 5);
  for (const c of recorded) {
    const block = mixerBlock(c, 'sgconv', '') as { config: { mode: 'cat'; interpolation: 'linear' } };
    const { mode, interpolation } = block.config;
    const pieces = valuesOf(c, 'kernel_list');
    const shape = [c.config.n_scales, ...c.get('kernel_list.0').shape];
    const decay = c.has('decay') ? { data: c.get('decay').data, shape: [c.config.H] } : null;
    const norm = wholeKernelNorm({ data: Float64Array.from(pieces), shape }, decay, {
      mode,
      interpolation,
      decayMin: c.config.decay_min,
      decayMax: c.config.decay_max,
      length: c.config.L,
    });
    assert.ok(relativeError(norm, c.get('kernel_norm').data) < 1e-13, c.case);
  }
});
