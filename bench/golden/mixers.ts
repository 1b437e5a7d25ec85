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
    config: { ...convolution(c, shape, 'layer.', 'layer.kernel.C'), ...states(shape) },
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
};

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
    if (config[key] !== undefined && config[key] !== want)
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
function sgconvMode(name = 'cat_randn'): object {
  const words = new Set(name.split('_'));
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
