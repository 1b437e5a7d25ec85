/** Golden family `optim`: AdamW with groups over several steps, and clipping by the global norm. */
import type { Device } from '../../../kernels/device/device.ts';
import { Tensor } from '../../../kernels/tensor/tensor.ts';
import { ParameterStore } from '../../../models/parameters.ts';
import { AdamW } from '../../../models/training/optimizer.ts';
import { type GoldenCase, type GoldenResult, requireKnown, UnsupportedCase } from '../golden.ts';

const known = [
  ...['op', 'steps', 'groups', 'beta1', 'beta2', 'eps', 'lr_factor', 'amsgrad'],
  ...['max_norm', 'norm_type'],
];

async function adamw(c: GoldenCase, device: Device): Promise<Map<string, ArrayLike<number>>> {
  const { groups, beta1, beta2, eps, lr_factor } = c.config;
  const steps: number = c.config.steps ?? c.get(groups[0].params[0].replace('p', 'g')).shape[0];
  const store = new ParameterStore(device);
  for (const g of groups)
    for (const name of g.params)
      store.add(name, c.get(name).data, c.get(name).shape, { lr: g.lr, weightDecay: g.weight_decay });
  const optimizer = new AdamW(store, { beta1, beta2, eps });
  const path = new Map(store.parameters.map((p) => [p.name, [] as number[]]));
  for (let s = 0; s < steps; s++) {
    for (const { name, tensor } of store.parameters) {
      const all = c.get(name.replace('p', 'g')).data;
      tensor.grad = Tensor.from(device, all.subarray(s * tensor.size, (s + 1) * tensor.size), tensor.shape);
    }
    optimizer.step(lr_factor?.[s] ?? 1);
    store.zeroGrad();
    for (const { name, tensor } of store.parameters) path.get(name)?.push(...(await tensor.read()));
  }
  const computed = new Map<string, ArrayLike<number>>();
  for (const [name, values] of path) computed.set(`out_${name}`, values);
  for (const [name, { m, v }] of await optimizer.read()) computed.set(`m_${name}`, m).set(`v_${name}`, v);
  optimizer.dispose();
  store.dispose();
  return computed;
}

/** With beta1 = 0 and rate 0 the first moment after one step is the clipped gradient itself. */
async function clip(c: GoldenCase, device: Device): Promise<Map<string, ArrayLike<number>>> {
  const store = new ParameterStore(device);
  for (const g of c.tensors.filter((t) => t.role === 'input')) {
    const tensor = store.add(g.name, new Float64Array(g.data.length), g.shape);
    tensor.grad = Tensor.from(device, g.data, g.shape);
  }
  const optimizer = new AdamW(store, { lr: 0, beta1: 0, clipNorm: c.config.max_norm });
  optimizer.step();
  const computed = new Map<string, ArrayLike<number>>([['norm', [await optimizer.gradientNorm()]]]);
  for (const [name, { m }] of await optimizer.read()) computed.set(`out_${name}`, m);
  optimizer.dispose();
  store.dispose();
  return computed;
}

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireKnown(c, known);
  if (c.config.amsgrad) throw new UnsupportedCase('AMSGrad is not implemented');
  if ((c.config.norm_type ?? 2) !== 2) throw new UnsupportedCase('clipping is by the 2-norm alone');
  const implementation = `${device.implementation('adamw')}, ${device.implementation('sum-squares')}`;
  switch (c.config.op) {
    case 'adamw':
      return { computed: await adamw(c, device), implementation };
    case 'clip_grad_norm':
      return { computed: await clip(c, device), implementation };
    default:
      throw new UnsupportedCase(`there is no optimiser operation ${c.config.op}`);
  }
}
