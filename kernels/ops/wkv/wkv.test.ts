/** Sequences in stretches, long ones, and numbers at the ends of the range. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Device } from '../../device/device.ts';
import { openDevice } from '../../device/registry.ts';
import { Stream } from '../../tensor/random.ts';
import { Tape } from '../../tensor/tape.ts';
import { relativeError } from '../check.ts';
import { slice } from '../slice/op.ts';
import { lastState, wkv } from './op.ts';

const reference = await openDevice('reference');
const cpu = await openDevice('cpu');

interface Sequence {
  shape: [B: number, T: number, C: number];
  k: Float64Array;
  v: Float64Array;
  decay: Float64Array;
  first: Float64Array;
}

function made([B, T, C]: [number, number, number], scale: number, decays: [number, number]): Sequence {
  const stream = new Stream(5, `${B} ${T} ${C} ${scale}`);
  const values = (n: number, s: number) => stream.normals(n, s).map(Math.fround);
  return {
    shape: [B, T, C],
    k: values(B * T * C, scale),
    v: values(B * T * C, 1),
    decay: stream.uniforms(C, ...decays).map(Math.fround),
    first: values(C, 1),
  };
}

/** y, with the sequence cut into stretches of `cut` steps. */
async function inStretches(device: Device, { shape, k, v, decay, first }: Sequence, cut: number): Promise<number[]> {
  using t = new Tape(device, { grad: false });
  const [B, T, C] = shape;
  const operands = { decay: t.tensor(decay, [C]), first: t.tensor(first, [C]) };
  const [keys, values] = [t.tensor(k, shape), t.tensor(v, shape)];
  const y = new Array<number>(B * T * C);
  let state = null;
  for (let at = 0; at < T; at += cut) {
    const length = Math.min(cut, T - at);
    const part = { axis: 1, start: at, length };
    const made = wkv(t, { ...operands, k: slice(t, keys, part), v: slice(t, values, part), state });
    state = lastState(t, made.states);
    const out = await made.y.read();
    for (let b = 0; b < B; b++) for (let i = 0; i < length * C; i++) y[(b * T + at) * C + i] = out[b * length * C + i];
  }
  return y;
}

for (const scale of [1, 40])
  test(`stretches of any length give the same as the whole, keys of ${scale}`, async () => {
    const sequence = made([2, 75, 19], scale, [-6, 3]);
    const whole = await inStretches(reference, sequence, 75);
    for (const cut of [1, 2, 31, 32, 33, 64])
      for (const device of [reference, cpu]) {
        const error = relativeError(await inStretches(device, sequence, cut), whole);
        assert.ok(error < (device === reference ? 1e-13 : 2e-6), `${cut} on ${device.info.id}: off by ${error}`);
      }
  });

test('slow decays and many steps, at once and one by one', async () => {
  const sequence = made([1, 20000, 4], 1, [-10, -7]);
  const want = await inStretches(reference, sequence, 20000);
  for (const cut of [20000, 1]) {
    const error = relativeError(await inStretches(cpu, sequence, cut), want);
    assert.ok(error < 1e-5, `stretches of ${cut}: off by ${error}`);
  }
});

test('keys, bonuses and decays at the ends of the range', async () => {
  const stream = new Stream(6, 'ends');
  const [T, C] = [60, 21];
  const pick = (list: number[]) => () => list[stream.integer(list.length)];
  const from = (n: number, list: number[]) => Float64Array.from({ length: n }, pick(list));
  const sequence: Sequence = {
    shape: [1, T, C],
    k: from(T * C, [-1000, -90, -20, 0, 20, 90, 1000]),
    v: stream.normals(T * C).map(Math.fround),
    decay: from(C, [-30, -5, 0, 4, 10, 800]),
    first: from(C, [-200, -50, -1, 0, 2, 50, 200]),
  };
  const want = await inStretches(reference, sequence, T);
  for (const cut of [T, 1]) {
    const error = relativeError(await inStretches(cpu, sequence, cut), want);
    assert.ok(error < 1e-5, `stretches of ${cut}: off by ${error}`);
  }
});
