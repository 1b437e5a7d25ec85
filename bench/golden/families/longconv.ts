/** Golden family `longconv`: the kernel regulariser, the layer, and the standalone two-block model. */
import type { Device } from '../../../kernels/device/device.ts';
import { add } from '../../../kernels/ops/binary/op.ts';
import { concat } from '../../../kernels/ops/concat/op.ts';
import { fftConv } from '../../../kernels/ops/fft-conv/op.ts';
import { layerNorm } from '../../../kernels/ops/layer-norm/op.ts';
import { longconvKernel } from '../../../kernels/ops/longconv-kernel/op.ts';
import { maskedMean } from '../../../kernels/ops/masked-mean/op.ts';
import { linear } from '../../../kernels/ops/matmul/op.ts';
import { permute } from '../../../kernels/ops/permute/op.ts';
import { slice } from '../../../kernels/ops/slice/op.ts';
import { gelu } from '../../../kernels/ops/unary/op.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, off, requireConfig } from '../graph.ts';
import { activate, channelMap, innerActivation } from '../layers.ts';

const listed = (...keys: string[]) => Object.fromEntries(keys.map((key) => [key, anything]));
const common = {
  ...listed('B', 'H', 'L', 'l_max', 'channels', 'lam', 'window', 'init', 'grad_of', 'f32_max_rel_dev'),
  smooth: [true, false, null],
  bidirectional: [true, false, null],
  dropout: off,
  kernel_dropout: off,
};

/** The regularised kernel; the window counts only when smoothing is on. */
const regularised = ({ t, c }: CaseGraph, K: Tensor): Tensor =>
  longconvKernel(t, K, { lambda: c.config.lam ?? 0, window: c.config.smooth ? (c.config.window ?? 7) : 1 });

function kernelCase(g: CaseGraph): Record<string, Tensor> {
  requireConfig(g.c, common);
  return { k: regularised(g, g.operand('K')) };
}

function layerCase(g: CaseGraph): Record<string, Tensor> {
  requireConfig(g.c, { ...common, ...listed('activation', 'postact') });
  const { t, c } = g;
  const sides = c.config.bidirectional ? 'lag-1' : 'causal';
  const conv = fftConv(t, g.operand('u'), regularised(g, g.operand('K')), g.optional('D'), { sides });
  const z = activate(t, conv, innerActivation(c));
  return { y: c.has('W_out') ? channelMap(t, z, g.operand('W_out'), g.optional('b_out'), c.config.postact) : z };
}

/** A transform of 2L values takes the first 2L taps, and zeros where the model was made for shorter sequences. */
function circularTaps({ t }: CaseGraph, k: Tensor, L: number): Tensor {
  const [C, H, taps] = k.shape;
  const missing = 2 * L - taps;
  if (missing > 0) return concat(t, [k, t.tensor(new Float64Array(C * H * missing), [C, H, missing])], 2);
  return missing < 0 ? slice(t, k, { axis: 2, start: 0, length: 2 * L }) : k;
}

/** Encoder, residual blocks of a circular long convolution (2L taps), mean over time, decoder. */
function modelCase(g: CaseGraph): Record<string, Tensor> {
  requireConfig(g.c, { ...common, ...listed('d_input', 'd_model', 'd_output', 'n_layers', 'prenorm', 'ln_eps') });
  const { t, c } = g;
  const { lam, prenorm } = c.config;
  const eps = c.config.ln_eps ?? 1e-5;
  const map = (name: string, x: Tensor) => linear(t, x, g.operand(`${name}.weight`), g.optional(`${name}.bias`));
  let x = map('encoder', g.operand('x'));
  for (let i = 0; c.has(`conv_layers.${i}.kernel`); i++) {
    const norm = (z: Tensor) =>
      layerNorm(t, z, g.optional(`norms.${i}.weight`), g.optional(`norms.${i}.bias`), { eps });
    const at = `conv_layers.${i}`;
    const u = permute(t, prenorm ? norm(x) : x, [0, 2, 1]);
    const k = circularTaps(g, longconvKernel(t, g.operand(`${at}.kernel`), { lambda: lam ?? 0 }), u.shape[2]);
    const z = gelu(t, fftConv(t, u, k, g.optional(`${at}.D`), { sides: 'circular' }));
    const out = `${at}.output_linear.0`;
    const y = permute(t, channelMap(t, z, g.operand(`${out}.weight`), g.optional(`${out}.bias`), 'glu'), [0, 2, 1]);
    x = add(t, x, y);
    if (!prenorm) x = norm(x);
  }
  return { y: map('decoder', maskedMean(t, x, null)) };
}

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  using g = new CaseGraph(c, device);
  const outputs = c.has('encoder.weight') ? modelCase(g) : c.has('u') ? layerCase(g) : kernelCase(g);
  const computed = new Map<string, ArrayLike<number>>();
  for (const [name, y] of Object.entries(outputs)) {
    computed.set(name, await y.read());
    for (const [of, grad] of await g.gradients(y)) computed.set(of, grad);
  }
  return { computed, implementation: `${device.implementation('longconv-kernel')} (longconv-kernel, fft-conv)` };
}
