/** Cases whose configuration does not repeat what their tensors say, and models on other lengths than they were made for. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { type GoldenCase, type GoldenTensor, goldenFolder, readGolden } from './golden.ts';
import { runGolden } from './run.ts';

const reference = await openDevice('reference');
const stored = (name: string) => readGolden(`${goldenFolder}/${name}.json`);

const sizes: Record<string, string[]> = {
  net_retrieval_s4d_batch_pre_L16: ['B', 'L', 'vocab', 'd_model', 'classes', 'd_head', 'N', 'disc'],
  net_lm_h3_L16: ['B', 'L', 'vocab', 'd_model', 'N', 'head_dim', 'disc'],
  net_sgconv_layer_pre_real_L18: ['d_model', 'classes', 'd_input', 'kernel_dim', 'mode'],
  train_longconv_layer_post_cosine_L33: ['steps', 'batches', 'd_model', 'classes', 'd_input', 'clip_norm'],
  s4d_lin_zoh_N16_L64: ['H', 'N', 'L', 'disc', 'dt_transform', 'real_transform', 'imag_transform'],
  s4_dplr_legs_N8_L101: ['H', 'N', 'L', 'l_max', 'rank', 'disc'],
  s4_block_dplr_N8_L50_bidir: ['B', 'H', 'N', 'L', 'mode', 'disc'],
  h3_d6_hd2_N8_L50: ['B', 'L', 'd_model', 'head_dim', 'd_state', 'disc'],
  hippo_legs_N8: ['N', 'init', 'rank'],
  longconv_model_L48_prenorm: ['B', 'L', 'd_input', 'd_model', 'd_output', 'n_layers', 'channels'],
};

for (const [name, keys] of Object.entries(sizes))
  for (const how of ['absent', 'null'])
    test(`${name} with ${keys.join(', ')} ${how}`, async () => {
      const c = stored(name);
      const given = Object.entries(c.config).map(([k, v]) => [k, keys.includes(k) ? null : v]);
      const config = Object.fromEntries(given.filter(([k, v]) => how === 'null' || v !== null || !keys.includes(k)));
      const verdict = await runGolden({ ...c, config }, reference);
      assert.equal(verdict.status, 'pass', verdict.reason);
    });

/** The case with `more` entries at the end of the last axis (`rows`: of the first) of some tensors; gradients get zeros. */
function extended(c: GoldenCase, which: RegExp, more: number, rows = false): GoldenCase {
  const tensors = c.tensors.map((t): GoldenTensor => {
    if (!which.test(t.name)) return t;
    const n = rows ? t.data.length : (t.shape.at(-1) as number);
    const wider = n + (rows ? more * (t.shape.at(-1) as number) : more);
    const data = new Float64Array((t.data.length / n) * wider).fill(t.role === 'grad' ? 0 : 0.7);
    for (let i = 0; i < t.data.length / n; i++) data.set(t.data.subarray(i * n, (i + 1) * n), i * wider);
    const shape = rows ? [t.shape[0] + more, ...t.shape.slice(1)] : [...t.shape.slice(0, -1), wider];
    return { ...t, shape, data };
  });
  const byName = new Map(tensors.map((t) => [t.name, t]));
  return { ...c, tensors, get: (name) => byName.get(name) as GoldenTensor };
}

test('the circular convolution of Long Conv takes the first 2L of more taps', async () => {
  const c = extended(stored('longconv_model_L48_postnorm'), /^(grad_)?conv_layers\.\d\.kernel$/, 6);
  const verdict = await runGolden(c, reference);
  assert.equal(verdict.status, 'pass', verdict.reason);
});

test('a table of positions may have more rows than the sequences have steps', async () => {
  for (const name of ['net_transformer_layer_post_tokens_ragged_L21', 'net_lm_transformer_L16']) {
    const verdict = await runGolden(extended(stored(name), /^(grad_)?pos\.weight$/, 5, true), reference);
    assert.equal(verdict.status, 'pass', `${name}: ${verdict.reason}`);
  }
});

test('a case that asks for no gradient needs no cotangent', async () => {
  for (const name of [
    'hyena_full_d4_o2_h1_L48',
    'fftconv_causal_L7',
    's5_ssm_zoh_H4_P8_J1_L64',
    's4d_lin_zoh_N16_L64',
  ]) {
    const c = stored(name);
    const tensors = c.tensors.filter((t) => t.role !== 'grad' && t.role !== 'cotangent');
    const has = (n: string) => tensors.some((t) => t.name === n);
    const verdict = await runGolden({ ...c, tensors, has }, reference);
    assert.equal(verdict.status, 'pass', `${name}: ${verdict.reason}`);
  }
});
