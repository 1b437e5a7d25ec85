/** Golden cases of whole networks: from a case's configuration and parameters to one of our models. */
import type { Device } from '../../kernels/device/device.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { mixerIds } from '../../models/mixer.ts';
import type { BackboneConfig, BlockConfig } from '../../models/networks/backbone.ts';
import { buildClassifier } from '../../models/networks/classifier.ts';
import { buildLanguageModel } from '../../models/networks/language-model.ts';
import type { ParameterStore } from '../../models/parameters.ts';
import { type GoldenCase, type GoldenTensor, UnsupportedCase } from './golden.ts';
import { mixerBlock } from './mixers.ts';

/** One batch of a case on the device; `lengths` null when no sequence is padded. */
export interface GoldenBatch {
  x: Tensor;
  lengths: Tensor | null;
  targets: Tensor;
}

export interface GoldenNetwork {
  store: ParameterStore;
  loss(t: Tape, batch: GoldenBatch): { loss: Tensor; logits: Tensor };
  logits(t: Tape, batch: GoldenBatch): Tensor;
}

/** The network that a case describes, holding the case's parameters. */
export async function goldenNetwork(c: GoldenCase, device: Device): Promise<GoldenNetwork> {
  const { config } = c;
  if (config.dropout || config.kernel_dropout)
    throw new UnsupportedCase('network cases with dropout have no pinned values');
  const blocks = (config.mixers as string[]).map((name, i) => block(c, name, i));
  const x = c.get('x');
  const position = config.head === 'lm' || config.input === 'tokens' ? x.shape.length - 1 : x.shape.length - 2;
  const backbone: BackboneConfig = {
    blocks,
    width: config.d_model ?? c.get('norms.0.weight').data.length,
    // A table of positions may be longer than the sequences.
    length: Math.max(x.shape[position], config.l_max ?? 0, c.has('pos.weight') ? c.get('pos.weight').shape[0] : 0),
    norm: config.norm,
    prenorm: config.prenorm,
    dropout: 0,
    tiedDropout: false,
    epsilon: config.norm === 'batch' ? (config.bn_eps ?? 1e-5) : (config.ln_eps ?? 1e-5),
    momentum: config.bn_momentum ?? 0.1,
  };
  const positions = c.has('pos.weight');
  const network = await build(c, device, backbone, positions);
  for (const p of network.store.parameters) p.tensor.write(valuesOf(c, p.name));
  for (const [name, t] of network.store.buffers)
    if (c.has(name)) t.write(c.get(name).data);
    else if (!/\.running_(mean|var)$/.test(name))
      throw new UnsupportedCase(`the case does not give the constant ${name}`);
  return network;
}

async function build(
  c: GoldenCase,
  device: Device,
  backbone: BackboneConfig,
  positions: boolean,
): Promise<GoldenNetwork> {
  const { config } = c;
  const streams = new Streams(0);
  const rows = (name: string) => c.get(name).shape[0];
  if (config.head === 'lm') {
    const model = await buildLanguageModel(
      device,
      { ...backbone, vocabulary: rows('encoder.weight'), positions },
      streams,
    );
    return { store: model.store, loss: (t, b) => model.loss(t, b), logits: (t, b) => model.logits(t, b.x) };
  }
  if (config.head !== 'classifier' && config.head !== 'retrieval')
    throw new UnsupportedCase(`there is no network head "${config.head}"`);
  const model = await buildClassifier(
    device,
    {
      ...backbone,
      positions,
      classes: rows(config.head === 'retrieval' ? 'head2.weight' : 'decoder.weight'),
      input:
        config.input === 'tokens'
          ? { kind: 'tokens', vocabulary: rows('encoder.weight') }
          : { kind: 'real', dims: c.get('encoder.weight').shape[1] },
      pool: config.pool === 'last' ? 'last' : 'mean',
      head: config.head === 'retrieval' ? { kind: 'retrieval', hidden: rows('head1.weight') } : { kind: 'linear' },
    },
    streams,
  );
  return { store: model.store, loss: (t, b) => model.loss(t, b), logits: (t, b) => model.logits(t, b) };
}

function block(c: GoldenCase, name: string, i: number): BlockConfig {
  const made = mixerBlock(c, name, `mixers.${i}.`);
  if (!made || !mixerIds().includes(made.mixer)) throw new UnsupportedCase(`mixer ${name} is not implemented yet`);
  return made;
}

/** SGConv's pieces are separate tensors there and one stacked tensor here. */
const isStacked = (name: string): boolean => /(^|\.)kernel_list$/.test(name);

const pieces = (c: GoldenCase, name: string, prefix = ''): GoldenTensor[] => {
  const list: GoldenTensor[] = [];
  for (let i = 0; c.has(`${prefix}${name}.${i}`); i++) list.push(c.get(`${prefix}${name}.${i}`));
  return list;
};

/** Values of our parameter `name`, from the case. */
export function valuesOf(c: GoldenCase, name: string): ArrayLike<number> {
  if (!isStacked(name)) return c.get(name).data;
  return Float64Array.from(pieces(c, name).flatMap((t) => Array.from(t.data)));
}

/** Our parameter `name`, or its gradient, under the case's own names with `prefix` before them. */
export function namedValues(
  c: GoldenCase,
  name: string,
  values: ArrayLike<number>,
  prefix: string,
): [string, ArrayLike<number>][] {
  if (!isStacked(name)) return [[`${prefix}${name}`, values]];
  const list = pieces(c, name);
  const all = Array.from(values);
  const size = all.length / list.length;
  return list.map((t, i) => [`${prefix}${t.name}`, all.slice(i * size, (i + 1) * size)]);
}
