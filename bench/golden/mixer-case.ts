/** Golden cases of one layer, (B, L, D) to (B, L, D), whose parameters have our mixer's names: run as that mixer. */
import type { Device } from '../../kernels/device/device.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { loadMixer, mixerConfig } from '../../models/mixer.ts';
import type { BlockConfig } from '../../models/networks/backbone.ts';
import { ParameterStore } from '../../models/parameters.ts';
import type { GoldenCase } from './golden.ts';
import { namedValues, valuesOf } from './networks.ts';

/** More outputs than y, from the mixer's kernel at the input's length, by their names in the case. */
type Extra = (t: Tape, kernel: Tensor) => Record<string, Tensor>;

/**
 * y, every gradient that the case asks for (zero where none flows), and `extra`. `length`: the longest sequence that
 * the layer is made for (default: the input's). Throws when the case lacks one of the mixer's parameters.
 */
export async function runMixer(
  c: GoldenCase,
  device: Device,
  { mixer: id, config }: BlockConfig,
  { length, extra }: { length?: number; extra?: Extra } = {},
): Promise<Map<string, ArrayLike<number>>> {
  const definition = await loadMixer(id);
  const store = new ParameterStore(device);
  const [B, L, D] = c.get('u').shape;
  const size = { width: D, length: length ?? L, layers: 1, dropout: 0, tiedDropout: false };
  const mixer = definition.build(store.at(''), size, mixerConfig(definition, config), new Streams(0));
  for (const p of store.parameters) p.tensor.write(valuesOf(c, p.name.slice(1)));
  for (const [name, tensor] of store.buffers) tensor.write(c.get(name.slice(1)).data);
  const t = new Tape(device);
  const u = t.tensor(c.get('u').data, [B, L, D], 'real', true);
  const y = mixer.forward(t, u, {});
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  if (extra && mixer.kernel)
    for (const [name, tensor] of Object.entries(extra(t, mixer.kernel(t, L)))) computed.set(name, await tensor.read());
  if (c.has('g')) {
    const [gradU] = t.backward(y, t.tensor(c.get('g').data, [B, L, D]), [u]);
    computed.set('grad_u', (await gradU?.read()) ?? new Float64Array(B * L * D));
  }
  for (const { name, tensor } of store.parameters) {
    const gradient = (await tensor.grad?.read()) ?? new Float64Array(tensor.size);
    for (const [key, values] of namedValues(c, name.slice(1), gradient, 'grad_')) computed.set(key, values);
  }
  u.grad?.dispose();
  u.grad = null;
  t.close();
  store.dispose();
  return computed;
}
