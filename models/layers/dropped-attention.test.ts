/** Attention with dropped probabilities: against loops written out here, on both devices, its gradient, its draws. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { threshold } from '../../kernels/ops/dropout/op.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import { loadMixer, mixerConfig } from '../mixer.ts';
import { ParameterStore } from '../parameters.ts';
import { droppedAttention } from './dropped-attention.ts';

const [B, L, H, D] = [2, 7, 3, 4];
const P = 0.3;
const SEED = 11;
const shape = [B, L, H, D];
const size = B * L * H * D;
const values = (phase: number) => Float64Array.from({ length: size }, (_, i) => Math.sin(0.7 * i + phase));
const lengths = [L, 5];

/** Whether probability (b, h, i, j) is kept: the words of the stream `dropout` in row-major order of the matrix. */
function keptBy(seed: number): (b: number, h: number, i: number, j: number) => boolean {
  const stream = new Stream(seed, 'dropout');
  const words = Array.from({ length: Math.ceil((B * H * L * L) / 4) }, (_, block) => stream.block(block)).flat();
  return (b, h, i, j) => words[((b * H + h) * L + i) * L + j] >= threshold(P);
}

/** The formula, one query after the other. */
function byHand(q: Float64Array, k: Float64Array, v: Float64Array, causal: boolean): Float64Array {
  const kept = keptBy(SEED);
  const at = (b: number, i: number, h: number) => ((b * L + i) * H + h) * D;
  const o = new Float64Array(size);
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++)
      for (let i = 0; i < L; i++) {
        const keys = Array.from({ length: L }, (_, j) => j).filter((j) => j < lengths[b] && (!causal || j <= i));
        const scores = keys.map((j) => {
          let s = 0;
          for (let d = 0; d < D; d++) s += q[at(b, i, h) + d] * k[at(b, j, h) + d];
          return Math.exp(s / Math.sqrt(D));
        });
        const sum = scores.reduce((x, y) => x + y, 0);
        keys.forEach((j, n) => {
          if (!kept(b, h, i, j)) return;
          for (let d = 0; d < D; d++) o[at(b, i, h) + d] += ((scores[n] / sum) * v[at(b, j, h) + d]) / (1 - P);
        });
      }
  return o;
}

interface Options {
  causal?: boolean;
  p?: number;
  training?: boolean;
  seed?: number;
  /** Added to one number of q, k or v. */
  moved?: { of: number; at: number; by: number };
}

/** The output, and the gradients of its sum weighed by cosines. */
async function run(id: string, { causal = false, p = P, training = true, seed = SEED, moved }: Options = {}) {
  const device = await openDevice(id);
  const given = [values(0), values(1), values(2)];
  if (moved) given[moved.of][moved.at] += moved.by;
  const [q, k, v] = given.map((data) => Tensor.from(device, data, shape, 'real', true));
  try {
    const streams = new Streams(seed);
    using t = new Tape(device, { training, streams });
    const keyLengths = t.tensor(Int32Array.from(lengths), [B], 'i32');
    const o = droppedAttention(t, q, k, v, { causal, keyLengths, p });
    const output = await o.read();
    const weights = Float64Array.from({ length: size }, (_, i) => Math.cos(i));
    t.backward(o, t.tensor(weights, shape));
    const gradients = await Promise.all([q, k, v].map(async (x) => Array.from((await x.grad?.read()) ?? [])));
    const total = Array.from(output).reduce((s, x, i) => s + x * weights[i], 0);
    return { output: Array.from(output), gradients, total, drawn: streams.get('dropout').position };
  } finally {
    for (const x of [q, k, v]) x.dispose();
  }
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  assert.equal(a.length, b.length);
  return Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i])));
};

for (const causal of [false, true])
  test(`it is the formula with the words of the stream${causal ? ', causal' : ''}, on both devices`, async () => {
    const want = byHand(values(0), values(1), values(2), causal);
    const reference = await run('reference', { causal });
    assert.ok(apart(reference.output, want) < 1e-12);
    const cpu = await run('cpu', { causal });
    assert.ok(apart(cpu.output, want) < 1e-5);
    cpu.gradients.forEach((g, i) => void assert.ok(apart(g, reference.gradients[i]) < 1e-5));
    assert.ok(apart(reference.output, (await run('reference', { causal, p: 0 })).output) > 0.1);
  });

test('its gradient is that of central differences', async () => {
  const { gradients } = await run('reference', { causal: true });
  for (const of of [0, 1, 2])
    for (const at of [0, 17, 60, size - 30, size - 1]) {
      const by = 1e-5;
      const above = await run('reference', { causal: true, moved: { of, at, by } });
      const below = await run('reference', { causal: true, moved: { of, at, by: -by } });
      const slope = (above.total - below.total) / (2 * by);
      assert.ok(Math.abs(slope - gradients[of][at]) < 1e-8, `${of} ${at}: ${slope} and ${gradients[of][at]}`);
    }
});

test('equal seeds give equal bits, other seeds other ones', async () => {
  const [first, again, other] = [await run('cpu'), await run('cpu'), await run('cpu', { seed: 12 })];
  assert.deepEqual(again, first);
  assert.notDeepEqual(other.output, first.output);
  assert.ok(first.drawn > 0);
});

test('nothing is dropped or drawn in evaluation and at p = 0', async () => {
  const plain = await run('cpu', { p: 0 });
  assert.equal(plain.drawn, 0);
  assert.deepEqual(await run('cpu', { training: false }), plain);
});

test('the mixer takes the option, and drops with it; flash attention refuses it', async () => {
  const device = await openDevice('cpu');
  const output = async (own: object, training: boolean) => {
    const definition = await loadMixer('attention');
    const config = mixerConfig(definition, { heads: 2, ...own });
    const store = new ParameterStore(device);
    const sizes = { width: 8, length: L, layers: 1, dropout: 0, tiedDropout: false };
    const mixer = definition.build(store.at('m'), sizes, config, new Streams(1));
    using t = new Tape(device, { training, grad: false, streams: new Streams(2) });
    const x = t.tensor(
      Float64Array.from({ length: L * 8 }, (_, i) => Math.sin(i)),
      [1, L, 8],
    );
    const y = await mixer.forward(t, x, {}).read();
    store.dispose();
    return y;
  };
  const plain = await output({}, true);
  assert.deepEqual(await output({ attentionDropout: 0.5 }, false), plain);
  assert.notDeepEqual(await output({ attentionDropout: 0.5 }, true), plain);
  await assert.rejects(output({ attentionDropout: 1 }, true), /attentionDropout must be a number in \[0, 1\), not 1/);
  const flash = await loadMixer('flash-attention');
  assert.throws(() => mixerConfig(flash, { attentionDropout: 0.1 }), /has no option attentionDropout/);
});
