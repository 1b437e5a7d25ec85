/**
 * The same-size LRA classifiers of the speed comparison.
 *
 * Published LRA speed tables compare "models of the same size" without saying what a layer holds. Here every
 * model has the same skeleton and only the sequence mixer differs: `layers` times (mixer sub-block, MLP
 * sub-block), each with its own layer norm before it, H wide, mean pooling and a linear head. So width and
 * depth are equal, and so are all parameters outside the mixers; `countParameters` gives the exact totals.
 * Per layer and with N = 64 modes a mixer holds about
 *
 *   attention   4H^2                       S4, S4D      2H^2 + 260H
 *   SGConv      2H^2 + d H (1 + log2 L/d)  per direction
 *   Long Conv   2H^2 + L H                 (its kernel is explicit: it grows with the length by design)
 *
 * `feedForward: 0` leaves the MLPs out of the convolution models, which is the block of the S4, SGConv and
 * Long Conv papers (their GLU output map mixes the channels); a Transformer always keeps its own.
 */
import type { ConvForm } from '../../kernels/ops/fft-conv/op.ts';
import type { ClassifierConfig } from '../networks/classifier.ts';

export const lraSpeedModels = ['transformer', 'flash-transformer', 's4', 's4d', 'sgconv', 'long-conv'] as const;
export type LraSpeedModel = (typeof lraSpeedModels)[number];

export interface LraSize {
  mixer: LraSpeedModel;
  /** Model width H. */
  width: number;
  layers: number;
  /** Sequence length L. */
  length: number;
  /** Token input; or else `dims` real features per step. */
  vocabulary?: number;
  dims?: number;
  classes: number;
  /** Attention heads; default: of 32 channels where H allows it. */
  heads?: number;
  /** Inner width of the MLPs over H. Default 2, as in the Transformers of the published speed tables. */
  feedForward?: number;
  /**
   * Two-sided convolutions. Default: as published on LRA: S4, S4D and SGConv two-sided, Long Conv one-sided
   * (except on Pathfinder). Attention sees both sides in every case.
   */
  bidirectional?: boolean;
  /** How the convolutions are computed. Default `fused`; `unfused` as the papers' baselines without FlashConv. */
  convolution?: ConvForm;
  /** Block dropout. Default 0. */
  dropout?: number;
  /** Two documents per example, the head compares them (Retrieval). */
  retrieval?: boolean;
}

/** The classifier of `size.mixer` at this size. */
export function lraClassifier(size: LraSize): ClassifierConfig {
  const { mixer, width, layers, length, classes } = size;
  if (!lraSpeedModels.includes(mixer))
    throw new RangeError(`there is no LRA model "${mixer}": choose one of ${lraSpeedModels.join(', ')}`);
  if ((size.vocabulary === undefined) === (size.dims === undefined))
    throw new RangeError('an LRA model takes either tokens (vocabulary) or real features (dims): give one of the two');
  const attends = mixer === 'transformer' || mixer === 'flash-transformer';
  const heads = size.heads ?? Math.max(1, Math.floor(width / 32));
  if (attends && width % heads !== 0)
    throw new RangeError(`width ${width} is not a multiple of ${heads} heads: set heads to one of its divisors`);
  const ratio = size.feedForward ?? 2;
  const inner = Math.round((attends && ratio === 0 ? 2 : ratio) * width);
  const layer = [{ mixer: mixerId(mixer), config: mixerConfig(mixer, size, heads) }];
  return {
    blocks: Array.from({ length: layers }, () =>
      inner > 0 ? [...layer, { mixer: 'mlp', config: { inner } }] : layer,
    ).flat(),
    width,
    length,
    input:
      size.vocabulary === undefined
        ? { kind: 'real', dims: size.dims as number }
        : { kind: 'tokens', vocabulary: size.vocabulary },
    classes,
    norm: 'layer',
    prenorm: true,
    dropout: size.dropout ?? 0,
    tiedDropout: !attends,
    positions: attends,
    pool: 'mean',
    head: size.retrieval ? { kind: 'retrieval', hidden: width } : { kind: 'linear' },
  };
}

/** `lraClassifier` with the mixer as its own argument. */
export const lraSpeed = (mixer: LraSpeedModel, size: Omit<LraSize, 'mixer'>): ClassifierConfig =>
  lraClassifier({ ...size, mixer });

const mixerId = (model: LraSpeedModel): string =>
  model === 'transformer' ? 'attention' : model === 'flash-transformer' ? 'flash-attention' : model;

function mixerConfig(model: LraSpeedModel, size: LraSize, heads: number): object {
  const convolution = { form: size.convolution ?? 'fused', bidirectional: size.bidirectional ?? model !== 'long-conv' };
  switch (model) {
    case 'transformer':
    case 'flash-transformer':
      return { heads };
    case 's4':
    case 's4d':
      return { ...convolution, states: 64 };
    case 'sgconv':
      return { ...convolution, kernelDim: 32 };
    case 'long-conv':
      return { ...convolution, channels: 1, lambda: 0.003, kernelDropout: 0.2 };
  }
}
