/** What the generic test leaves out: sizes, thread counts, missing gradients, refusals, memory. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../device/registry.ts';
import { Stream } from '../../tensor/random.ts';
import { Tape } from '../../tensor/tape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { relativeError, runOp } from '../check.ts';
import { assertThreadsAgree } from '../cpu-check.ts';
import { type Attrs, type Op, type OpCase, ShapeError, sizeOf } from '../op.ts';
import fftConvOp, { type FftConvAttrs, type FftForm, forms, type Sides } from './op.ts';

const op = fftConvOp as unknown as Op<Attrs>;
const cpu = await openDevice('cpu');
const reference = await openDevice('reference');

function sample(shapes: number[][], sides: Sides, form: FftForm): [OpCase<Attrs>, Float64Array[]] {
  const data = shapes.map((s, i) => new Stream(7, `${i}`).normals(sizeOf(s)).map(Math.fround));
  return [{ name: 'sample', shapes, attrs: { sides, form } }, data];
}
const everything = (r: Awaited<ReturnType<typeof runOp>>) => [...r.outputs, ...r.gradInputs].map((a) => a ?? []);

test('sizes of one, three and five times a power of two agree with the reference', async () => {
  for (const L of [96, 160, 640, 1500, 2500, 6000, 10000, 12288, 20480, 24000, 70000]) {
    const [c, data] = sample(
      [
        [1, 4, L],
        [1, 4, L],
        [1, 4],
      ],
      'causal',
      'fused',
    );
    const got = everything(await runOp(cpu, op, c, data, new Stream(1, 'up')));
    const want = everything(await runOp(reference, op, c, data, new Stream(1, 'up')));
    for (const [i, a] of got.entries())
      assert.ok(relativeError(a, want[i]) < 2e-6, `length ${L}, tensor ${i}: ${relativeError(a, want[i])}`);
  }
});

test('a row of 4M is shifted by a kernel of one tap', async () => {
  const L = 1 << 22;
  const lag = 1234567;
  using t = new Tape(cpu, { grad: false });
  const u = new Stream(3, 'u').normals(L).map(Math.fround);
  const tap = new Float32Array(L);
  tap[lag] = 1;
  const [y] = t.apply(fftConvOp, [t.tensor(u, [1, 1, L]), t.tensor(tap, [1, 1, L]), null], {
    sides: 'causal',
    form: 'fused',
  });
  const got = await y.read();
  const want = new Float64Array(L);
  want.set(u.subarray(0, L - lag), lag);
  assert.ok(relativeError(got, want) < 1e-6, `${relativeError(got, want)}`);
});

test('results do not depend on the number of threads', async () => {
  // Few short channels (the batch in pieces), one long row (all threads on it), several kernel channels, few taps.
  const shapes: [number[][], Sides][] = [
    [
      [
        [20, 3, 700],
        [1, 3, 700],
        [1, 3],
      ],
      'causal',
    ],
    [
      [
        [1, 1, 30000],
        [2, 1, 30000],
        [1, 1],
      ],
      'lag-1',
    ],
    [
      [
        [3, 17, 100],
        [2, 17, 100],
        [2, 17],
      ],
      'causal',
    ],
    [
      [
        [1, 5, 90000],
        [1, 5, 2000],
        [1, 5],
      ],
      'causal',
    ],
  ];
  for (const [s, sides] of shapes)
    for (const form of forms)
      await assertThreadsAgree(op, { name: `${form} ${s.join(' ')}`, shapes: s, attrs: { sides, form } });
});

test('gradients that are not wanted change nothing in the others', async () => {
  const attrs = (form: FftForm): FftConvAttrs => ({ sides: 'lag-1', form });
  for (const form of forms)
    for (const [B, C, H, L] of [
      [3, 1, 2, 90],
      [2, 2, 17, 90],
    ]) {
      const make = (shape: number[], i: number) =>
        Tensor.from(cpu, new Stream(5, `${i}`).normals(sizeOf(shape)).map(Math.fround), shape);
      const inputs = [
        [B, H, L],
        [2 * C, H, L],
        [C, H],
      ].map(make);
      const g = make([B, C * H, L], 9);
      const run = async (wanted: boolean[]) => {
        const gradInputs = inputs.map((x, i) => (wanted[i] ? Tensor.create(cpu, x.shape) : null));
        cpu.run(fftConvOp, 'backward', { inputs, outputs: [null], gradOutputs: [g], gradInputs }, attrs(form));
        const out = await Promise.all(gradInputs.map(async (x) => (x ? await x.read() : null)));
        for (const x of gradInputs) x?.dispose();
        return out;
      };
      const all = await run([true, true, true]);
      for (let mask = 1; mask < 7; mask++) {
        const some = await run([0, 1, 2].map((i) => (mask >> i) % 2 === 1));
        for (const [i, a] of some.entries())
          if (a) assert.ok(relativeError(a, all[i] ?? []) < 1e-6, `${form}, gradients ${mask}, operand ${i}`);
      }
      for (const x of [...inputs, g]) x.dispose();
    }
});

test('operands that do not fit are refused by name', () => {
  const infer = (shapes: (number[] | null)[], sides: Sides) => () => fftConvOp.infer(shapes, { sides, form: 'fused' });
  assert.throws(infer([[2, 3, 8], [1, 4, 8], null], 'causal'), /u has 3 channels but k has 4/);
  assert.throws(infer([[2, 3, 8], [3, 3, 8], null], 'lag-1'), /even number of kernel channels/);
  assert.throws(infer([[2, 3, 8], [1, 3, 8], null], 'circular'), /2L = 16 taps, not 8/);
  assert.throws(
    infer(
      [
        [2, 3, 8],
        [1, 3, 8],
        [3, 1],
      ],
      'causal',
    ),
    ShapeError,
  );
});

test('the fused form needs little beyond its operands, the unfused one its spectra', async () => {
  const shapes = [
    [8, 32, 4096],
    [1, 32, 4096],
    [1, 32],
  ];
  const peaks = [];
  for (const form of forms) {
    const [c, data] = sample(shapes, 'causal', form);
    await runOp(cpu, op, c, data, new Stream(1, 'up'));
    const inputs = data.map((d, i) => Tensor.from(cpu, d, shapes[i]));
    const y = Tensor.create(cpu, shapes[0]);
    cpu.memory.resetPeak();
    const live = cpu.memory.live;
    cpu.run(fftConvOp, 'forward', { inputs, outputs: [y], gradOutputs: [], gradInputs: [] }, c.attrs as FftConvAttrs);
    peaks.push(cpu.memory.peak - live);
    assert.equal(cpu.memory.live, live, 'what the kernel took it gave back');
    for (const x of [...inputs, y]) x.dispose();
  }
  const row = 4 * 8 * 32 * 4096;
  assert.ok(peaks[0] < row / 2, `fused: ${peaks[0]} bytes`);
  assert.ok(peaks[1] > 3 * row, `unfused: ${peaks[1]} bytes`);
});
