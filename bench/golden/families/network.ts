/** Whole LRA classifiers, retrieval heads and language models: logits, loss, every gradient, running statistics. */
import type { Device } from '../../../kernels/device/device.ts';
import { Tape } from '../../../kernels/tensor/tape.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { goldenNetwork, namedValues } from '../networks.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  const network = await goldenNetwork(c, device);
  const tape = new Tape(device);
  const input = c.get('x');
  const real = input.dtype === 'f64';
  const x = tape.tensor(input.data, input.shape, real ? 'real' : 'i32', real);
  const integers = (name: string) => tape.tensor(c.get(name).data, c.get(name).shape, 'i32');
  const lengths = c.has('lengths') ? integers('lengths') : null;
  const { loss, logits } = network.loss(tape, { x, lengths, targets: integers('targets') });
  const seed = c.has('g') ? tape.tensor(c.get('g').data, c.get('g').shape) : undefined;
  const computed = new Map<string, ArrayLike<number>>([
    ['loss', await loss.read()],
    ['logits', await logits.read()],
  ]);
  const [gradX] = tape.backward(loss, seed, real ? [x] : []);
  if (gradX) computed.set('grad_x', await gradX.read());
  for (const { name, tensor } of network.store.parameters)
    if (tensor.grad)
      for (const [key, values] of namedValues(c, name, await tensor.grad.read(), 'grad_')) computed.set(key, values);
  for (const [name, tensor] of network.store.buffers) computed.set(`after.${name}`, await tensor.read());
  tape.close();
  network.store.dispose();
  return { computed, implementation: device.implementation('matmul') };
}
