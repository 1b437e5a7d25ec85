/** Golden family `h3`: the whole layer, with state spaces or (H3 + Long Conv) with learned taps. */
import type { Device } from '../../../kernels/device/device.ts';
import { discretisations } from '../../../kernels/ops/s4d-kernel/op.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';
import { anything, off, requireConfig } from '../graph.ts';
import { runMixer } from '../mixer-case.ts';
import { mixerBlock } from '../mixers.ts';

const sizes = ['B', 'L', 'd_model', 'H', 'N', 'head_dim', 'd_state', 'l_max', 'n_ssm', 'grad_of', 'f32_max_rel_dev'];
const regulariser = ['lam', 'window', 'smooth', 'init'];

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...Object.fromEntries([...sizes, ...regulariser].map((key) => [key, anything])),
    // How the diagonal start was chosen: the case has its values.
    measure: anything,
    mode: [undefined, null, 'diag'],
    disc: [...discretisations, null],
    real_type: ['exp', null],
    channels: [1, null],
    dropout: off,
    kernel_dropout: off,
    bandlimit: off,
    use_fast_fftconv: [true, false, null],
  });
  const block = mixerBlock(c, c.has('k_kernel.kernel') ? 'h3_conv' : 'h3', '');
  if (!block) throw new UnsupportedCase('there is no such H3 layer');
  const L = c.get('u').shape[1];
  const computed = await runMixer(c, device, block, {
    length: c.config.l_max ?? L,
  });
  return { computed, implementation: `${device.implementation('fft-conv')} (s4d-kernel, fft-conv, matmul)` };
}
