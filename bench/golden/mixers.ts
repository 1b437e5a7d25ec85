/** What the golden cases call a mixer, and our mixer with its options. Sizes are read off the parameters. */
import type { BlockConfig } from '../../models/networks/backbone.ts';
import { type GoldenCase, UnsupportedCase } from './golden.ts';

type Translate = (c: GoldenCase, shape: (name: string) => number[] | null) => BlockConfig;

const translations: Record<string, Translate> = {
  mha: ({ config }, shape) => ({
    mixer: 'attention',
    config: { heads: config.heads, causal: config.causal === true, inner: shape('q_proj.weight')?.[0] ?? null },
  }),
  mlp: ({ config }, shape) => ({
    mixer: 'mlp',
    config: { inner: shape('fc1.weight')?.[0] ?? null, activation: config.gelu === 'tanh' ? 'gelu-tanh' : 'gelu' },
  }),
  mlp_tanh: (_, shape) => ({
    mixer: 'mlp',
    config: { inner: shape('fc1.weight')?.[0] ?? null, activation: 'gelu-tanh' },
  }),
  s4: (c, shape) => ({
    mixer: 's4',
    config: {
      ...convolution(c, shape, 'layer.', 'layer.kernel.C'),
      ...states(shape),
      rank: shape('layer.kernel.P')?.[0] ?? 1,
    },
  }),
  s4d: (c, shape) => ({
    mixer: 's4d',
    config: {
      ...convolution(c, shape, 'layer.', 'layer.kernel.C'),
      ...states(shape),
      discretisation: c.config.disc ?? 'zoh',
    },
  }),
  s5: ({ config }, shape) => {
    const stored = shape('seq.Lambda_re')?.[0] ?? 0;
    const conjugate = config.conj_sym ?? true;
    const apart = shape('seq.C1') !== null;
    const bidirectional = apart || shape('seq.C')?.[1] === 2 * stored;
    const activation = shape('out1.kernel') ? 'full_glu' : shape('out2.kernel') ? 'half_glu1' : 'gelu';
    return {
      mixer: 's5',
      config: {
        states: conjugate ? 2 * stored : stored,
        // The start does not matter here, the names that it gives C do.
        ...{ blocks: 1, start: bidirectional && !apart ? 'complex_normal' : 'lecun_normal' },
        discretisation: config.disc ?? config.discretization ?? 'zoh',
        ...{ conjugate, bidirectional, activation: config.activation ?? activation },
        gelu: config.gelu === 'exact' || config.gelu === 'erf' ? 'exact' : 'tanh',
        clip: config.clip_eigs === true,
        rescale: config.step_rescale ?? 1,
      },
    };
  },
  longconv: (c, shape) => ({
    mixer: 'long-conv',
    config: {
      // Dropped taps have no pinned values: a case that has them is refused before it gets here.
      kernelDropout: 0,
      ...convolution(c, shape, '', 'kernel.kernel'),
      taps: shape('kernel.kernel')?.[2] ?? null,
      lambda: c.config.lam ?? 0,
      window: c.config.smooth ? (c.config.window ?? 7) : 1,
    },
  }),
  sgconv: (c, shape) => ({
    mixer: 'sgconv',
    config: {
      ...convolution(c, shape, '', 'kernel_list.0'),
      kernelDim: shape('kernel_list.0')?.[2] ?? c.config.kernel_dim,
      scales: scales(shape),
      ...sgconvMode(c.config.mode),
      decayMin: c.config.decay_min ?? 2,
      decayMax: c.config.decay_max ?? 2,
      octaves: c.config.init_scale ?? 0,
    },
  }),
  h3: ({ config }, shape) => {
    const [copies, modes] = shape('kernel.kernel.inv_A_real') ?? [];
    const states = shape('ssm_k_kernel.kernel.B')?.[1] ?? 0;
    if (states !== 2 * modes)
      throw new UnsupportedCase(`H3's state spaces have one size, not ${states} and ${2 * modes}`);
    return {
      mixer: 'h3',
      config: {
        ...h3Layout(config, shape),
        states,
        copies,
        taps: config.l_max ?? null,
        discretisation: config.disc ?? 'bilinear',
      },
    };
  },
  h3_conv: ({ config }, shape) => ({
    mixer: 'h3-long-conv',
    config: {
      ...h3Layout(config, shape),
      kernelDropout: 0,
      taps: shape('k_kernel.kernel')?.[2] ?? null,
      lambda: config.lam ?? 0,
      window: config.smooth ? (config.window ?? 7) : 1,
    },
  }),
  hyena: ({ config }, shape) => hyena(config, shape, config.layout ?? 'standalone'),
  hyena_full: ({ config }, shape) => hyena(config, shape, config.layout ?? 'full'),
};

/** The public layers have two paths that disagree in the order of the output's channels. */
const h3Layout = (config: GoldenCase['config'], shape: (name: string) => number[] | null) => ({
  headDim: config.head_dim ?? (shape('q_proj.weight')?.[0] ?? 1) / (shape('D')?.[0] ?? 1),
  layout: config.use_fast_fftconv ? 'fused' : 'module',
});

function hyena(config: GoldenCase['config'], shape: (name: string) => number[] | null, layout: string): BlockConfig {
  const [inner, width] = shape('in_proj.weight') ?? [];
  let maps = 0;
  while (shape(`filter_fn.implicit_filter.${2 * maps}.weight`)) maps++;
  return {
    mixer: 'hyena',
    config: {
      order: inner / width - 1,
      shortFilter: shape('short_filter.weight')?.[2] ?? 3,
      filterWidth: shape('filter_fn.implicit_filter.1.freq')?.[1] ?? config.filter_order,
      filterInner: maps - 2,
      features: shape('filter_fn.pos_emb.z')?.[2] ?? config.emb_dim,
      frequency: config.w ?? 1,
      modulate: config.modulate ?? true,
      shift: config.shift ?? 0,
      slow: config.slow_decay_pct ?? 1.5,
      fast: config.fast_decay_pct ?? 0.3,
      target: config.target ?? 0.01,
      layout,
    },
  };
}

/** The block of mixer `name`, whose parameters start with `prefix`; null: we have no such mixer. */
export function mixerBlock(c: GoldenCase, name: string, prefix: string): BlockConfig | null {
  const shape = (parameter: string) => (c.has(prefix + parameter) ? c.get(prefix + parameter).shape : null);
  return translations[name]?.(c, shape) ?? null;
}

function convolution(c: GoldenCase, shape: (name: string) => number[] | null, skip: string, kernel: string): object {
  requireStored(c);
  const { config } = c;
  const channels = shape(`${skip}D`)?.[0] ?? 1;
  const activation = config.activation ?? 'gelu';
  if (activation !== 'gelu') throw new UnsupportedCase(`convolution layers have no activation "${activation}"`);
  return {
    channels,
    bidirectional: shape(kernel)?.[0] === 2 * channels,
    activation: 'gelu',
    output: shape('output_linear.0.weight') ? 'glu' : shape('output_linear.weight') ? 'linear' : 'none',
  };
}

/** The stored forms of the state space parameters that our kernels know. */
function requireStored({ config }: GoldenCase): void {
  const known: Record<string, string> = { dt_transform: 'exp', real_transform: 'exp', imag_transform: 'none' };
  for (const [key, want] of Object.entries(known))
    if (config[key] != null && config[key] !== want)
      throw new UnsupportedCase(`state space parameters are stored with ${key} "${want}" here, not "${config[key]}"`);
}

function states(shape: (name: string) => number[] | null): object {
  const [copies, modes] = shape('layer.kernel.A_real') ?? [];
  return { states: 2 * modes, copies };
}

function scales(shape: (name: string) => number[] | null): number {
  let n = 0;
  while (shape(`kernel_list.${n}`)) n++;
  return n;
}

/** `cat_randn`, `nearest_sum_randn`, `cat_randn_learnable_fixed` ... */
function sgconvMode(name?: string | null): object {
  const words = new Set((name ?? 'cat_randn').split('_'));
  const known = ['cat', 'sum', 'randn', 'cos', 'nearest', 'linear', 'learnable', 'fixed'];
  const strange = [...words].filter((w) => !known.includes(w));
  if (strange.length) throw new UnsupportedCase(`SGConv has no mode "${name}" here (${strange.join(', ')})`);
  const sum = words.has('sum');
  return {
    mode: words.has('learnable') ? (sum ? 'learnable-sum' : 'learnable') : sum ? 'sum' : 'cat',
    interpolation: words.has('nearest') ? 'nearest' : 'linear',
    fixedDecay: words.has('fixed'),
  };
}
