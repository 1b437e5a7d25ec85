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
 * Mega, GSS and BiGS have gated maps of the MLP's size inside, and in these comparisons no MLP after them; RWKV has its
 * own channel mix instead, made as large as the MLP.
 *
 * `feedForward: 0` leaves the MLPs out of the convolution models, which is the block of the S4, SGConv and
 * Long Conv papers (their GLU output map mixes the channels); a Transformer always keeps its own.
 */
import type { ConvForm } from '../../kernels/ops/fft-conv/op.ts';
import type { BlockConfig } from '../networks/backbone.ts';
import type { ClassifierConfig } from '../networks/classifier.ts';
import { findSystem, type LoadedSystem } from '../systems.ts';

export interface LraSize {
  /** Id of a system (`models/systems.ts`). */
  system: string;
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

/** The classifier of `size.system` at this size. */
export function lraClassifier(size: LraSize): ClassifierConfig {
  const { width, layers, length, classes } = size;
  const system = findSystem(size.system);
  if ((size.vocabulary === undefined) === (size.dims === undefined))
    throw new RangeError('an LRA model takes either tokens (vocabulary) or real features (dims): give one of the two');
  const { definition, feedForward } = system;
  const attends = definition.kind === 'attention';
  const heads = size.heads ?? Math.max(1, Math.floor(width / 32));
  if (attends && width % heads !== 0)
    throw new RangeError(`width ${width} is not a multiple of ${heads} heads: set heads to one of its divisors`);
  const ratio = size.feedForward ?? 2;
  const inner = Math.round((attends && ratio === 0 ? 2 : ratio) * width);
  const layer: BlockConfig[] = [{ mixer: definition.id, config: mixerConfig(system, size, heads) }];
  const own = feedForward ? feedForward(width) : { mixer: 'mlp', config: { inner } };
  const after: BlockConfig[] = own && inner > 0 ? [own] : [];
  return {
    blocks: Array.from({ length: layers }, () => [...layer, ...after]).flat(),
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

/** What all systems share at this size, as far as they have the option, then the system's own. */
function mixerConfig(system: LoadedSystem, size: LraSize, heads: number): object {
  const shared: Record<string, unknown> = {
    heads,
    form: size.convolution ?? 'fused',
    bidirectional: size.bidirectional ?? true,
  };
  const known = Object.entries(shared).filter(([key]) => key in system.definition.defaults);
  const own = { ...system.config, ...system.lra?.(size.width) };
  const asked = size.bidirectional === undefined ? {} : { bidirectional: size.bidirectional };
  return { ...Object.fromEntries(known), ...own, ...('bidirectional' in system.definition.defaults ? asked : {}) };
}
