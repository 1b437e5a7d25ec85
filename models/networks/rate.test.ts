/** Networks at another sampling rate: what a step sees is held, and nothing else may be asked for it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { UnsupportedError } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { loadMixer, mixerConfig } from '../mixer.ts';
import { ParameterStore } from '../parameters.ts';
import { buildClassifier, type ClassifierConfig } from './classifier.ts';

const reference = await openDevice('reference');
const [B, H, L] = [2, 4, 6];

/** x (B, L, H) with every step `rate` times. */
const held = (x: Float64Array, rate: number): Float64Array =>
  Float64Array.from({ length: x.length * rate }, (_, i) => {
    const [b, l, h] = [Math.floor(i / (H * L * rate)), Math.floor(i / H) % (L * rate), i % H];
    return x[(b * L + Math.floor(l / rate)) * H + h];
  });

async function build(id: string, own: object, length: number) {
  const definition = await loadMixer(id);
  const store = new ParameterStore(reference);
  const size = { width: H, length, layers: 1, dropout: 0, tiedDropout: false };
  return definition.build(store.at('m'), size, mixerConfig(definition, own), new Streams(3));
}

for (const [id, own] of [
  ['sgconv', { kernelDim: 2, bidirectional: true }],
  ['long-conv', { channels: 2, kernelDropout: 0, lambda: 0 }],
  ['s4', { states: 4, bidirectional: true }],
  ['s4d', { states: 4 }],
] as [string, object][])
  for (const rate of [2, 3])
    test(`${id} at rate ${rate} gives what the layer gives on the held input, at the last of each ${rate} steps`, async () => {
      const mixer = await build(id, own, rate * L);
      const x = new Stream(1, id).normals(B * L * H);
      using t = new Tape(reference, { grad: false });
      const slow = await mixer.forward(t, t.tensor(x, [B, L, H]), { rate }).read();
      const fast = await mixer.forward(t, t.tensor(held(x, rate), [B, rate * L, H]), {}).read();
      const last = Float64Array.from({ length: B * L * H }, (_, i) => {
        const [b, l, h] = [Math.floor(i / (H * L)), Math.floor(i / H) % L, i % H];
        return fast[(b * rate * L + rate * l + rate - 1) * H + h];
      });
      assert.ok(relativeError(slow, last) < 1e-12, String(relativeError(slow, last)));
    });

test('a state space under zero-order hold is the one with a longer step', async () => {
  const definition = await loadMixer('s4d');
  const kernels: Float64Array[] = [];
  using t = new Tape(reference, { grad: false });
  for (const longer of [1, 2]) {
    const store = new ParameterStore(reference);
    const size = { width: H, length: 2 * L, layers: 1, dropout: 0, tiedDropout: false };
    const mixer = definition.build(store.at('m'), size, mixerConfig(definition, { states: 4 }), new Streams(3));
    const found = store.parameters.find(({ name }) => /dt/.test(name));
    assert.ok(found, store.parameters.map(({ name }) => name).join());
    // The logarithm of the step.
    const { tensor } = found;
    tensor.write(Float64Array.from(await tensor.read(), (x) => x + Math.log(longer)));
    kernels.push(Float64Array.from(await (mixer.kernel as NonNullable<typeof mixer.kernel>)(t, 2 * L).read()));
  }
  const [fine, coarse] = kernels;
  for (let h = 0; h < H; h++)
    for (let l = 0; l < L; l++) {
      const two = fine[h * 2 * L + 2 * l] + fine[h * 2 * L + 2 * l + 1];
      assert.ok(Math.abs(two - coarse[h * 2 * L + l]) < 1e-10 * Math.max(1, Math.abs(two)), `${h} ${l}`);
    }
});

test('a network with attention or a table of positions has no other rate', async () => {
  const config: ClassifierConfig = {
    ...{ blocks: [{ mixer: 's4d', config: { states: 4 } }, { mixer: 'mlp' }], width: H, length: 2 * L, classes: 3 },
    ...{ norm: 'layer', prenorm: true, dropout: 0, tiedDropout: true, positions: false, pool: 'mean' },
    ...{ input: { kind: 'real', dims: 1 }, head: { kind: 'linear' } },
  };
  const logits = async (changes: Partial<ClassifierConfig>) => {
    const model = await buildClassifier(reference, { ...config, ...changes }, new Streams(1));
    using t = new Tape(reference, { grad: false });
    return model.logits(t, { x: t.tensor(new Float64Array(L).fill(1), [1, L, 1]), lengths: null, rate: 2 }).read();
  };
  assert.equal((await logits({})).length, 3);
  await assert.rejects(logits({ positions: true }), UnsupportedError);
  await assert.rejects(
    logits({ blocks: [{ mixer: 'attention', config: { heads: 2 } }] }),
    /block 0 \(attention\) cannot be taken/,
  );
});
