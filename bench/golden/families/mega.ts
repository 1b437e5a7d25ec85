/** Golden family `mega`: the moving average (parameters without a prefix) and the whole gated attention layer. */
import type { Device } from '../../../kernels/device/device.ts';
import { add } from '../../../kernels/ops/binary/op.ts';
import { weightings } from '../../../kernels/ops/chunk-attention/op.ts';
import { layerNorm } from '../../../kernels/ops/layer-norm/op.ts';
import { permute } from '../../../kernels/ops/permute/op.ts';
import { Streams } from '../../../kernels/tensor/random.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import { MovingAverage } from '../../../models/layers/moving-average.ts';
import { Mega } from '../../../models/mixers/mega.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, off, requireConfig } from '../graph.ts';
import { caseStore } from '../store.ts';

const flag = (value: unknown): boolean => value == null || typeof value === 'boolean';
const allowed = {
  ...{ D: anything, ndim: anything, L: anything, B: anything, d_model: anything, d_z: anything, d_value: anything },
  ...{ max_positions: anything, ln_eps: anything, grad_of: anything, seed: anything, f32_max_rel_dev: anything },
  ...{ bidirectional: flag, prenorm: flag, norm_affine: flag, causal: flag, padding: flag },
  ...{ truncation: anything, chunk_size: anything, dropout: off, attention_dropout: off, hidden_dropout: off },
  op: ['ema', 'layer', null],
  attention: [...weightings, null],
  rel_pos_bias: ['simple', 'rotary', null],
  activation: ['silu', 'swish', null],
  norm: ['layer', 'layernorm', null],
};

/** Null for what the reference code takes as "no limit": absent, null, 0 or negative. */
const limit = (value: unknown): number | null => (Number(value) > 0 ? Number(value) : null);

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, allowed);
  using g = new CaseGraph(c, device);
  // The reference is time-major.
  const x = permute(g.t, g.operand('x'), [1, 0, 2]);
  const layer = c.has('mx_proj.weight');
  const average = {
    decays: c.get(layer ? 'move.gamma' : 'gamma').shape[1],
    bidirectional: c.get(layer ? 'move.gamma' : 'gamma').shape[0] === 2 * x.shape[2],
    truncation: limit(c.config.truncation),
  };
  const y = permute(g.t, layer ? whole(g, x, average) : ema(g, x, average), [1, 0, 2]);
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  if (c.has('kernel')) computed.set('kernel', await kernel(g, x, average).read());
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  const implementation = `${device.implementation('ema-kernel')} (ema-kernel${layer ? ', chunk-attention' : ''})`;
  return { computed, implementation };
}

type Average = ConstructorParameters<typeof MovingAverage>[2];

const movingAverage = (g: CaseGraph, x: Tensor, average: Average): MovingAverage =>
  new MovingAverage(caseStore(g, g.c.has('move.gamma') ? 'move.' : ''), x.shape[2], average, new Streams(0));

/** Padding of the case, in the two forms that the layer reads; none when the case has no mask. */
function padding(g: CaseGraph): { hidden: Tensor; real: Tensor } | null {
  if (!g.c.has('padding_mask')) return null;
  const { data, shape } = g.c.get('padding_mask');
  const hidden = Int32Array.from(data, (v) => (v !== 0 ? 1 : 0));
  return {
    hidden: g.t.tensor(hidden, shape, 'i32'),
    real: g.t.tensor(
      Float64Array.from(hidden, (v) => 1 - v),
      [...shape, 1],
    ),
  };
}

function ema(g: CaseGraph, x: Tensor, average: Average): Tensor {
  const pad = padding(g);
  return permute(g.t, movingAverage(g, x, average).forward(g.t, x, pad && { real: pad.real }), [0, 2, 1]);
}

function kernel(g: CaseGraph, x: Tensor, average: Average): Tensor {
  return movingAverage(g, x, average).kernel(g.t, x.shape[1]);
}

function whole(g: CaseGraph, x0: Tensor, average: Average): Tensor {
  const { c, t } = g;
  const { config } = c;
  const prenorm = config.prenorm ?? true;
  const norm = (x: Tensor) =>
    layerNorm(t, x, g.optional('norm.weight'), g.optional('norm.bias'), { eps: config.ln_eps ?? 1e-5 });
  const simple = c.has('rel_pos_bias.rel_pos_bias');
  const positions = simple ? (c.get('rel_pos_bias.rel_pos_bias').shape[0] + 1) / 2 : x0.shape[1];
  const mega = new Mega(
    caseStore(g, ''),
    { width: x0.shape[2], length: positions, layers: 1, dropout: 0, tiedDropout: false },
    {
      ...average,
      average: 'ema',
      keys: c.get('gamma').shape[1],
      values: c.get('v_proj.weight').shape[0],
      chunk: limit(config.chunk_size),
      weighting: config.attention ?? 'softmax',
      bias: simple ? 'simple' : 'rotary',
      causal: config.causal ?? false,
      deviation: 0.02,
    },
    new Streams(0),
  );
  const x = prenorm ? norm(x0) : x0;
  const y = add(t, x0, mega.forward(t, x, { residual: x0, padding: padding(g) ?? undefined }));
  return prenorm ? y : norm(y);
}
