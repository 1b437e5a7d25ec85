/** Golden family `hyena`: the operator and its filter, in both channel layouts. */
import type { Device } from '../../../kernels/device/device.ts';
import { permute } from '../../../kernels/ops/permute/op.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';
import { anything, off, requireConfig } from '../graph.ts';
import { runMixer } from '../mixer-case.ts';
import { mixerBlock } from '../mixers.ts';

const sizes = ['B', 'L', 'l_max', 'd_model', 'filter_order', 'emb_dim', 'num_inner_mlps', 'grad_of', 'f32_max_rel_dev'];
const numbers = ['shift', 'fast_decay_pct', 'slow_decay_pct', 'target', 'w', 'lr', 'lr_pos_emb', 'wd'];
const whole = (value: unknown): boolean => value === null || value === undefined || value === 1;

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...Object.fromEntries([...sizes, ...numbers].map((key) => [key, anything])),
    order: (value) => value === null || (Number.isInteger(value) && (value as number) >= 2),
    short_filter: anything,
    short_filter_order: anything,
    modulate: [true, false, null],
    layout: ['standalone', 'full', null],
    // The public class cannot run with several heads or blocks.
    num_heads: whole,
    num_blocks: whole,
    inner_factor: whole,
    activation: ['id', null],
    dropout: off,
    filter_dropout: off,
    outer_mixing: off,
    post_order_ffn: off,
    normalized: off,
    modulation_lr: off,
  });
  const block = mixerBlock(c, c.config.num_heads === undefined ? 'hyena' : 'hyena_full', '');
  if (!block) throw new UnsupportedCase('there is no such Hyena operator');
  const { layout } = block.config as { layout: string };
  const L = c.get('u').shape[1];
  const computed = await runMixer(c, device, block, {
    length: c.has('filter_fn.pos_emb.z') ? c.get('filter_fn.pos_emb.z').shape[1] : (c.config.l_max ?? L),
    // (o, d, j) to the case's rows j and columns (o, d) or (d, o).
    extra: (t, kernel) => ({ filter: permute(t, kernel, layout === 'full' ? [2, 1, 0] : [2, 0, 1]) }),
  });
  return { computed, implementation: `${device.implementation('fft-conv')} (fft-conv, short-conv, matmul)` };
}
