/** Golden family `sgconv`: the whole layer, and the kernel that it convolves with. */
import type { Device } from '../../../kernels/device/device.ts';
import { concat } from '../../../kernels/ops/concat/op.ts';
import { fftConv } from '../../../kernels/ops/fft-conv/op.ts';
import type { NdArray } from '../../../kernels/ops/op.ts';
import { type SgconvAttrs, type SgconvMode, sgconvKernel } from '../../../kernels/ops/sgconv-kernel/op.ts';
import { wholeKernelNorm } from '../../../kernels/ops/sgconv-kernel/reference.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';
import { anything, CaseGraph, off, requireConfig } from '../graph.ts';
import { activate, channelMap, innerActivation } from '../layers.ts';

/**
 * The reference's mode is a word list: `learnable_nearest_cat_randn`. The initialisation (randn, cos) and whether the
 * decay is trained (fixed) do not matter here: the case has the values and says which gradients it wants.
 */
function attributes({ config }: GoldenCase, length: number): SgconvAttrs {
  const words = new Set(String(config.mode ?? 'cat_randn').split('_'));
  for (const word of words)
    if (!['cat', 'sum', 'learnable', 'fixed', 'nearest', 'linear', 'randn', 'cos'].includes(word))
      throw new UnsupportedCase(`sgconv has no kernel mode "${config.mode}"`);
  const layout = words.has('sum') ? 'sum' : 'cat';
  const mode: SgconvMode = !words.has('learnable') ? layout : layout === 'sum' ? 'learnable-sum' : 'learnable';
  const interpolation = words.has('nearest') ? 'nearest' : 'linear';
  const { decay_min: decayMin = 2, decay_max: decayMax = 2, init_scale: octaves } = config;
  return { mode, interpolation, decayMin, decayMax, length, octaves: octaves ?? 0 };
}

/** Circular kernel of 2L taps: k0 on lags 0.., k1 reversed at the end, so that k1[0] has lag -1. */
function merged(k: ArrayLike<number>, C: number, H: number, L: number): Float64Array {
  const rows = C * H;
  const out = new Float64Array(rows * 2 * L);
  for (let r = 0; r < rows; r++)
    for (let l = 0; l < L; l++) {
      out[r * 2 * L + l] += k[r * L + l];
      out[(r + 1) * 2 * L - 1 - l] += k[(rows + r) * L + l];
    }
  return out;
}

/** Stacks w0, w1, ... (C', H, d) to (n, C', H, d), a few at a time. */
function stack(g: CaseGraph, n: number): Tensor {
  let parts = Array.from({ length: n }, (_, i) => {
    const w = g.operand(`w${i}`);
    return g.t.reshape(w, [1, ...w.shape]);
  });
  while (parts.length > 1) {
    const next: Tensor[] = [];
    for (let i = 0; i < parts.length; i += 8) {
      const some = parts.slice(i, i + 8);
      next.push(some.length > 1 ? concat(g.t, some, 0) : some[0]);
    }
    parts = next;
  }
  return parts[0];
}

/** The norm recorded at the first pass: the case's, or that of its weights. */
function norm(g: CaseGraph, n: number, attrs: SgconvAttrs): Tensor {
  const [C, H, d] = g.c.get('w0').shape;
  if (g.c.has('kernel_norm')) return g.t.tensor(g.c.get('kernel_norm').data, [C, H, 1]);
  const w = new Float64Array(n * C * H * d);
  for (let i = 0; i < n; i++) w.set(g.c.get(`w${i}`).data, i * C * H * d);
  const decay: NdArray | null = g.c.has('decay') ? g.c.get('decay') : null;
  return g.t.tensor(wholeKernelNorm({ data: w, shape: [n, C, H, d] }, decay, attrs), [C, H, 1]);
}

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...Object.fromEntries(
      ['B', 'H', 'L', 'l_max', 'kernel_dim', 'n_scales', 'channels', 'mode', 'decay_min', 'decay_max'].map((key) => [
        key,
        anything,
      ]),
    ),
    bidirectional: [true, false, null],
    activation: anything,
    postact: anything,
    init_scale: anything,
    dropout: off,
    ln: off,
    hyper_act: off,
    grad_of: anything,
    f32_max_rel_dev: anything,
  });
  using g = new CaseGraph(c, device);
  const { t } = g;
  const u = g.operand('u');
  const [, H, L] = u.shape;
  let n = 0;
  while (c.has(`w${n}`)) n++;
  const attrs = attributes(c, L);
  const k = sgconvKernel(t, stack(g, n), norm(g, n, attrs), g.optional('decay'), attrs);
  const two = Boolean(c.config.bidirectional);
  const conv = fftConv(t, u, k, g.optional('D'), { sides: two ? 'lag-1' : 'causal' });
  const z = activate(t, conv, innerActivation(c));
  const y = c.has('W_out') ? channelMap(t, z, g.operand('W_out'), g.optional('b_out'), c.config.postact) : z;
  const taps = await k.read();
  const computed = new Map<string, ArrayLike<number>>([
    ['kernel', two ? merged(taps, k.shape[0] / 2, H, L) : taps],
    ['y', await y.read()],
  ]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: `${device.implementation('sgconv-kernel')} (sgconv-kernel, fft-conv)` };
}
