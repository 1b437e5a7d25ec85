/**
 * The recurrent form of every mixer that has one: moved along a sequence, however it is cut, it gives what `forward`
 * gives on the whole. In float64 to rounding; in float32 within what rounding the state at every step leaves.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Device, HostArray } from '../kernels/device/device.ts';
import { openDevice } from '../kernels/device/registry.ts';
import { relativeError } from '../kernels/ops/check.ts';
import { sizeOf } from '../kernels/ops/op.ts';
import { slice } from '../kernels/ops/slice/op.ts';
import { Stream, Streams } from '../kernels/tensor/random.ts';
import { Tape } from '../kernels/tensor/tape.ts';
import { smallModels } from './all-cases.ts';
import { type SmallModel, smallClassifier } from './cases.ts';
import { loadMixer, type Mixer, type MixerState, mixerConfig } from './mixer.ts';
import { buildClassifier } from './networks/classifier.ts';
import { Running } from './networks/running.ts';
import { ParameterStore } from './parameters.ts';

const B = 2;

/** Cuts of `length` steps: of one; of odd sizes in turn; in two; none. */
const cuttings = (length: number): number[][] => {
  const mixed: number[] = [];
  for (let rest = length, i = 0; rest > 0; rest -= mixed[i++]) mixed.push(Math.min(rest, [1, 3, 5, 2, 9][i % 5]));
  const half = Math.ceil(length / 2);
  return [Array(length).fill(1), mixed, length > 1 ? [half, length - half] : [1], [length]];
};

/** Mixer `block` of a small model, for sequences of `length` steps. Dropout is off in evaluation. */
async function build(device: Device, small: SmallModel, block: number, length: number) {
  const { mixer: id, config } = small.blocks[block];
  const definition = await loadMixer(id);
  const store = new ParameterStore(device);
  const { width } = smallClassifier(small);
  const size = { width, length, layers: 1, dropout: 0.5, tiedDropout: false };
  const mixer = definition.build(store.at('m'), size, mixerConfig(definition, config), new Streams(3));
  return { mixer, store, width, causal: definition.causal({ ...definition.defaults, ...config }) };
}

/** forward on the whole against the recurrence over the cuts; the largest relative error. */
async function compare(
  device: Device,
  mixer: Mixer,
  [length, H]: [number, number],
  cuts: readonly number[],
): Promise<number> {
  using t = new Tape(device, { grad: false });
  const data = new Stream(7, 'input').normals(B * length * H);
  const x = t.tensor(data, [B, length, H]);
  const want = await mixer.forward(t, x, {}).read();
  const recurrence = await mixer.recurrence?.(t);
  if (!recurrence) throw new Error('the mixer has no recurrence');
  const got = new Float64Array(want.length);
  let state: MixerState = recurrence.start(B);
  const sizes = state.map(({ shape }) => shape);
  let at = 0;
  const run: Tape[] = [t];
  for (const M of cuts) {
    const step = new Tape(device, { grad: false });
    run.push(step);
    const before = at < 50 ? await Promise.all(state.map((s) => s.read())) : null;
    const next = recurrence.advance(step, slice(step, x, { axis: 1, start: at, length: M }), state);
    assert.deepEqual(next.y.shape, [B, M, H]);
    assert.deepEqual(
      next.state.map(({ shape }) => shape),
      sizes,
      'the state must keep its size',
    );
    const y = await next.y.read();
    for (let b = 0; b < B; b++) got.set(y.subarray(b * M * H, (b + 1) * M * H), (b * length + at) * H);
    for (const [i, s] of before ? state.entries() : [])
      assert.deepEqual(await s.read(), before?.[i], 'the state that advance was given must stay as it is');
    state = next.state;
    at += M;
    // What is behind the present state is not needed any more.
    if (run.length > 2) run.splice(1, 1)[0].close();
  }
  for (const tape of run.slice(1)) tape.close();
  assert.ok(sizes.every((s) => sizeOf(s) > 0));
  return relativeError(got, want);
}

const devices = [
  // Two float64 evaluations by different formulas: what an FFT and the powers of a slow mode leave.
  { device: await openDevice('reference'), limit: 1e-10, lengths: [13, 1] },
  { device: await openDevice('cpu'), limit: 1e-5, lengths: [97] },
];

/** Which mixers of the small models have a recurrence; a mixer that looks ahead must not offer one. */
const found: { small: SmallModel; block: number; id: string }[] = [];
for (const small of smallModels)
  for (const [block, { mixer: id }] of small.blocks.entries()) {
    const { mixer, store, causal } = await build(devices[0].device, small, block, smallClassifier(small).length);
    if (mixer.recurrence) {
      assert.ok(causal, `${small.name}: ${id} looks ahead and offers a recurrence`);
      found.push({ small, block, id });
    }
    store.dispose();
  }

for (const { device, limit, lengths } of devices)
  for (const { small, block, id } of found)
    test(`${small.name}: ${id}, step by step and in chunks, on ${device.info.id}`, async () => {
      for (const length of lengths) {
        const { mixer, store, width } = await build(device, small, block, length);
        for (const cuts of cuttings(length)) {
          const error = await compare(device, mixer, [length, width], cuts);
          assert.ok(error < limit, `${length} steps cut into ${cuts.slice(0, 5).join(', ')}: off by ${error}`);
        }
        store.dispose();
      }
    });

/** Two thousand steps, one at a time, in float32: the last outputs are as good as the first. */
const long = [
  { mixer: 's4d', config: { states: 64 } },
  { mixer: 's4d', config: { states: 64, init: 'legs', discretisation: 'bilinear' } },
  { mixer: 's4d', config: { states: 32, init: 'inv' } },
  { mixer: 's4', config: { states: 64 } },
  { mixer: 's4', config: { states: 64, init: 'fourier' } },
];
for (const block of long)
  test(`${block.mixer} ${JSON.stringify(block.config)} does not drift`, async () => {
    const { device } = devices[1];
    const length = 2000;
    const small = { name: '', causal: true, blocks: [block] };
    const { mixer, store, width } = await build(device, small, 0, length);
    for (const cuts of [Array(length).fill(1), [3, 1000, 1, 996]]) {
      const error = await compare(device, mixer, [length, width], cuts);
      assert.ok(error < 5e-6, `off by ${error}`);
    }
    store.dispose();
  });

/** Small models of which every block has a recurrence. */
const whole = smallModels.filter((small) =>
  small.blocks.every((_, block) => found.some((f) => f.small === small && f.block === block)),
);
for (const small of whole)
  test(`${small.name}: a network of it in pieces`, async () => {
    const { device } = devices[0];
    const config = smallClassifier(small);
    const model = await buildClassifier(device, config, new Streams(5));
    const stream = new Stream(6, small.name);
    const rows = Array.from({ length: B }, () => Array.from({ length: config.length }, () => stream.integer(7)));
    const input = (t: Tape, from: number, to: number) =>
      t.tensor(
        rows.flatMap((row) => row.slice(from, to)),
        [B, to - from],
        'i32',
      );
    using t = new Tape(device, { grad: false });
    const want = await model.logits(t, { x: input(t, 0, config.length), lengths: null }).read();
    using running = await Running.open(model, B);
    for (const cuts of [[1, 6, 7], [5]]) {
      running.reset();
      let got: HostArray = new Float64Array(0);
      for (const to of [...cuts, config.length])
        got = await running.advance((step) => input(step, running.position, to)).read();
      assert.ok(relativeError(got, want) < 1e-10, `cut at ${cuts}: off by ${relativeError(got, want)}`);
    }
    model.store.dispose();
  });
