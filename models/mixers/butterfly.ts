/**
 * Long Conv with learned butterflies: the two Fourier transforms of the convolution get free small matrices.
 *
 *   y = Re F^-1( T_u(u) . T_k(k) )[0 .. L) + D u        v = y in Long Conv's layer: GLU(W dropout(GELU(v)) + b)
 *   T(x; N)   x zero padded to N, a power of two; M_{n_max} on columns, exact twiddles, and again on the rows, down to
 *             N <= n_max: M_N x             (`layers/butterfly.ts`; kernels/ops/butterfly-transform has the formula)
 *
 * k is Long Conv's regularised kernel (C, H, taps), or 2C rows when two-sided; T_u and T_k have a set of matrices each;
 * F^-1 is the exact inverse. With its exact initial matrices the layer is Long Conv; `additive` starts near it.
 *
 * Fu et al. 2023, arXiv 2302.06646, section 3.3 ("the learned extension of FlashButterfly"): as many FLOPs as the fixed
 * transform by matrix products, more parameters, 2 (4 + 16 + ... + n_max^2) a set.
 *
 * Not causal, one-sided or not: a convolution is causal because transform and inverse are exactly each other's inverses
 * on zero-padded rows. A learned transform mixes all positions, so every output may see every input.
 *
 * The public code, differently: the module's n_max sizes the matrices but does not reach the recursion, which stays at
 * 16 unless told so too (here one n_max is both); sizes up to n_max crash (here T(x; N) = M_N x, as the recursion says);
 * its inverse has the length L + taps although the spectra were rounded up to a power of two, which is no inverse when
 * it is not one, and the taps of negative lags are placed for that length (here both have the rounded N); N follows the
 * padded length of the batch (here that of the model: L and taps as configured, so that a sequence gives the same in any
 * batch).
 */
import { add, mul } from '../../kernels/ops/binary/op.ts';
import { butterflyTransform } from '../../kernels/ops/butterfly-transform/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import { spectralConv } from '../../kernels/ops/spectral-conv/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { type BlocksConfig, blocksDefaults, blocksOptions, LearnedBlocks } from '../layers/butterfly.ts';
import { Convolution, kernelChannels } from '../layers/convolution.ts';
import type { MixerDefinition } from '../mixer.ts';
import longConv, { type LongConvConfig, longConvTaps } from './long-conv.ts';

export interface ButterflyConfig extends Omit<LongConvConfig, 'form'>, BlocksConfig {}

const { form: _, ...longConvDefaults } = longConv.defaults;
const { form: __, ...longConvOptions } = longConv.options;

const butterfly: MixerDefinition<ButterflyConfig> = {
  id: 'butterfly',
  title: 'Long Conv + learned butterfly',
  paper: longConv.paper,
  kind: 'convolution',
  complexity: { sequence: 'n L log L / log n', step: null },
  golden: ['monarch', 'longconv'],
  systems: [
    { id: 'butterfly', title: 'Long Conv + learned butterfly', published: ['Learned 16x16'] },
    { id: 'butterfly-32', title: 'Learned butterfly, 32 x 32', config: { largest: 32 }, published: ['Learned 32x32'] },
    {
      id: 'butterfly-256',
      title: 'Learned butterfly, 256 x 256',
      config: { largest: 256 },
      published: ['Learned 256x256'],
    },
    { id: 'butterfly-per-head', title: 'Learned butterfly, per head', config: { perHead: true } },
    { id: 'butterfly-additive', title: 'Learned butterfly, additive', config: { additive: true } },
  ],
  causal: () => false,
  defaults: { ...longConvDefaults, ...blocksDefaults },
  options: { ...longConvOptions, ...blocksOptions },
  build(store, size, config, streams) {
    const { width } = size;
    const taps = config.taps ?? size.length;
    const kernel = longConvTaps(store.at('kernel'), width, kernelChannels(config), taps, config, streams);
    const ofInput = new LearnedBlocks(store.at('block_fft_u'), config, width, streams);
    const ofKernel = new LearnedBlocks(store.at('block_fft_k'), config, width, streams);
    const layer = new Convolution(store, store, size, { ...config, form: 'fused' }, streams);
    const convolve = (t: Tape, u: Tensor, k: Tensor, skip: Tensor): Tensor => {
      const [B, H, L] = u.shape;
      const points = Math.max(L, size.length) + taps;
      const C = skip.shape[0];
      const [past, future] = config.bidirectional ? halves(t, k) : [k, null];
      const y = t.scope(() => {
        const U = butterflyTransform(t, u, ofInput.at(t, points));
        const K = butterflyTransform(t, past, { ...ofKernel.at(t, points), tail: future });
        return spectralConv(t, U, K, L);
      });
      const skipped = mul(t, t.reshape(u, [B, 1, H, L]), t.reshape(skip, [C, H, 1]));
      return add(t, y, t.reshape(skipped, [B, C * H, L]));
    };
    return {
      forward: (t, x, context) => layer.around(t, x, context, (u, skip) => convolve(t, u, kernel(t, taps), skip)),
      kernel,
    };
  },
};
export default butterfly;

/** (2C, H, taps) to the taps of the past and those of the future. */
function halves(t: Tape, k: Tensor): [Tensor, Tensor] {
  const length = k.shape[0] / 2;
  return [slice(t, k, { axis: 0, start: 0, length }), slice(t, k, { axis: 0, start: length, length })];
}
