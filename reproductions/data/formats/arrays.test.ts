import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zipSync } from 'fflate';
import { FormatError } from './format-error.ts';
import { type NdArray, readNpy, toFloat64, toRowMajor, writeNpy } from './npy.ts';
import { readNpz } from './npz.ts';
import { readPathfinderMetadata } from './pathfinder-metadata.ts';
import { readPickle } from './pickle.ts';
import { metadataText, pickles, unhex } from './samples.ts';

/** A .npy file from its header's dict and its data. */
function npy(dict: string, data: Uint8Array, version = 1): Uint8Array {
  const text = Buffer.from(dict.padEnd(118));
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Uint8Array.of(version, 0), length, text, data]);
}
const plain = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const refuses = (action: () => unknown, reason: RegExp): void =>
  assert.throws(action, (error) => {
    assert.ok(error instanceof FormatError, String(error));
    assert.match(error.message, reason);
    return true;
  });

test('every numeric dtype there and back', () => {
  for (const data of [
    Float32Array.of(1.5, -2, 3),
    Float64Array.of(0.1, Number.MAX_VALUE, -0),
    Int8Array.of(-128, 0, 127),
    Int16Array.of(-32768, 0, 7),
    Int32Array.of(-(2 ** 31), 0, 7),
    BigInt64Array.of(-(2n ** 63n), 0n, 7n),
    Uint8Array.of(255, 0, 7),
    Uint16Array.of(50256, 0, 7),
    Uint32Array.of(2 ** 32 - 1, 0, 7),
    BigUint64Array.of(2n ** 64n - 1n, 0n, 7n),
  ]) {
    const back = readNpy(writeNpy(data), 'a.npy');
    assert.deepEqual([back.data, back.shape], [data, [3]]);
    assert.equal(writeNpy(data).length % 64, bytesOf(data).length % 64);
  }
});

test('bool, big-endian, scalars, empty arrays, the three versions, headers of old Python', () => {
  assert.deepEqual(readNpy(npy(plain('|b1', '(3,)'), Uint8Array.of(1, 0, 1)), 'a').data, Uint8Array.of(1, 0, 1));
  assert.deepEqual(readNpy(npy(plain('>f4', '(1,)'), Uint8Array.of(0x3f, 0x80, 0, 0)), 'a').data, Float32Array.of(1));
  assert.deepEqual(readNpy(npy(plain('<i2', '()'), Uint8Array.of(5, 0)), 'a'), {
    dtype: 'i2',
    shape: [],
    data: Int16Array.of(5),
  } satisfies NdArray);
  assert.deepEqual(readNpy(npy(plain('<f8', '(0, 7)'), new Uint8Array(0)), 'a').shape, [0, 7]);
  for (const version of [1, 2, 3])
    assert.deepEqual(readNpy(npy(plain('|u1', '(2L,)'), Uint8Array.of(1, 2), version), 'a').shape, [2]);
  const other = `{"shape": (2,), 'fortran_order': False, 'descr': '|u1'}`;
  assert.deepEqual(readNpy(npy(other, Uint8Array.of(1, 2)), 'a').data, Uint8Array.of(1, 2));
});

test('Fortran order is turned into row-major, in two and three dimensions', () => {
  // Column by column: 1 4 | 2 5 | 3 6.
  const two = readNpy(npy(plain('|u1', '(2, 3)', 'True'), Uint8Array.of(1, 4, 2, 5, 3, 6)), 'a');
  assert.deepEqual([two.data, two.shape], [Uint8Array.of(1, 2, 3, 4, 5, 6), [2, 3]]);
  const [a, b, c] = [3, 4, 5];
  const fortran = new Float64Array(a * b * c);
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++) for (let k = 0; k < c; k++) fortran[i + a * (j + b * k)] = (i * b + j) * c + k;
  assert.deepEqual(
    toRowMajor(fortran, [a, b, c]),
    Float64Array.from(fortran, (_, i) => i),
  );
  assert.deepEqual(toRowMajor(fortran.subarray(0, 12), [3, 1, 4]), toRowMajor(fortran.subarray(0, 12), [3, 4]));
});

test('text: UTF-32 with characters beyond the basic plane, and bytes', () => {
  const points = Uint32Array.from(
    [...'añ😀'].map((s) => s.codePointAt(0)!).concat(0, ...[...'xyzw'].map((s) => s.codePointAt(0)!)),
  );
  assert.deepEqual(readNpy(npy(plain('<U4', '(2,)'), bytesOf(points)), 'a').data, ['añ😀', 'xyzw']);
  const big = Buffer.from(bytesOf(points)).swap32();
  assert.deepEqual(readNpy(npy(plain('>U4', '(2,)'), big), 'a').data, ['añ😀', 'xyzw']);
  assert.deepEqual(readNpy(npy(plain('|S3', '(2,)'), Buffer.from('ab\0xyz')), 'a').data, ['ab', 'xyz']);
  refuses(() => readNpy(npy(plain('<U1', '(1,)'), Uint8Array.of(0, 0, 0x11, 0)), 'a'), /not a character of Unicode/);
});

test('what is not read is refused by name', () => {
  const one = Uint8Array.of(1);
  for (const [dict, reason] of [
    [plain('|O', '(1,)'), /Python objects are refused/],
    [plain('<c8', '(1,)'), /the dtype "<c8" is not read/],
    [plain('<f2', '(1,)'), /the dtype "<f2"/],
    [plain('<U0', '(1,)'), /the dtype "<U0"/],
    [`{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }`, /structured arrays/],
    [plain('|u1', '(2,)'), /shape \(2\) and 1-byte elements takes 2 bytes, not 1/],
    [plain('|u1', '(999999999999999, 999999999999999)'), /takes .* bytes, not 1/],
    [plain('|u1', '(1)'), /not the shape/],
    [plain('|u1', '(-1,)'), /not a dict of plain values/],
    [`__import__('os').system('true')`, /not a Python dict/],
    [`{'descr': '|u1', 'shape': (1,), }`, /lacks one of/],
  ] as const)
    refuses(() => readNpy(npy(dict, one), 'a.npy'), reason);
  refuses(() => readNpy(npy(plain('|b1', '(1,)'), Uint8Array.of(2)), 'a'), /a boolean is 2/);
  refuses(() => readNpy(npy(plain('|u1', '(1,)'), one, 4), 'a'), /version 4\.0/);
  refuses(() => toFloat64(readNpy(writeNpy(BigInt64Array.of(2n ** 60n)), 'a'), 'a'), /beyond 2\^53/);
  assert.deepEqual(toFloat64(readNpy(writeNpy(BigInt64Array.of(-3n)), 'a'), 'a'), Float64Array.of(-3));
});

test('npz archives, stored and deflated', async () => {
  const files = { 'x.npy': writeNpy(Float32Array.of(1, 2)), 'y.npy': writeNpy(Int32Array.of(3, 4), [2, 1]) };
  for (const level of [0, 6] as const) {
    const arrays = await readNpz({ bytes: zipSync(files, { level }), file: 'a.npz' });
    assert.deepEqual([...arrays.keys()], ['x', 'y']);
    assert.deepEqual(arrays.get('y')!.shape, [2, 1]);
    assert.deepEqual(arrays.get('x')!.data, Float32Array.of(1, 2));
  }
  await assert.rejects(readNpz({ bytes: zipSync({ x: files['x.npy'] }), file: 'a.npz' }), /is not a \.npy file/);
  const bad = zipSync({ 'x.npy': Uint8Array.of(1, 2, 3) });
  await assert.rejects(readNpz({ bytes: bad, file: 'a.npz' }), /a\.npz: x\.npy, byte 0: this is not a \.npy file/);
});

test("numpy's own pickles of an array and of a scalar, protocols 2, 4 and 5", () => {
  const expected = { dtype: 'f4', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) };
  for (const name of ['array2', 'array4', 'array5'] as const)
    assert.deepEqual(readPickle(unhex(pickles[name]), name), expected, name);
  assert.deepEqual(readPickle(unhex(pickles.fortran4), 'f'), expected, 'Fortran order');
  for (const name of ['scalar2', 'scalar4'] as const)
    assert.deepEqual(readPickle(unhex(pickles[name]), name), { dtype: 'f4', shape: [], data: Float32Array.of(2) });
  // numpy 1 said numpy.core.
  const old = unhex(pickles.array4).toString('latin1').replace('\x8c\x16numpy._core.', '\x8c\x15numpy.core.');
  const bytes = Buffer.from(old, 'latin1');
  bytes[3]--; // the frame is one byte shorter
  assert.deepEqual(readPickle(bytes, 'old'), expected);
  // Plain numbers: pickle.dumps(7), pickle.dumps(2.5).
  assert.deepEqual(readPickle(unhex('80044b072e'), 'n').data, Float64Array.of(7));
  assert.deepEqual(readPickle(unhex('8004950a000000000000004740040000000000002e'), 'n').data, Float64Array.of(2.5));
});

test('a pickle that would run something is refused by name', () => {
  refuses(
    () => readPickle(Buffer.from('\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R.', 'latin1'), 'evil.pyd'),
    /evil\.pyd, byte 2: the pickle names "os\.system", which is refused/,
  );
  refuses(
    () => readPickle(Buffer.from('\x80\x04\x8c\x08builtins\x8c\x04eval\x93.', 'latin1'), 'e'),
    /"builtins\.eval"/,
  );
  refuses(() => readPickle(Buffer.from('\x80\x04\x8c\x06object\x8c\x0bconstructor\x93.', 'latin1'), 'e'), /refused/);
  refuses(() => readPickle(Buffer.from('\x80\x04}\x94.', 'latin1'), 'e'), /instruction 0x7d is refused/);
  refuses(() => readPickle(Buffer.from('\x80\x04\x8c\x02hi.', 'latin1'), 'e'), /holds a str/);
  refuses(() => readPickle(Buffer.from('(lp0\n.', 'latin1'), 'e'), /instruction 0x6c is refused/);
  refuses(() => readPickle(unhex('80014b072e'), 'e'), /protocol 1 is not read/);
});

test('Pathfinder metadata: plain text under the name .npy, and the array that the generator writes', () => {
  const text = readPathfinderMetadata(Buffer.from(metadataText), '0.npy');
  assert.deepEqual(text[1], {
    folder: 'imgs/1',
    file: 'sample_1.png',
    number: 1,
    label: 1,
    continuity: 1,
    contourLength: 14,
    distractorLength: 4,
    paddleLength: 2,
    paddleThickness: 0.5,
    paddleMargin: 1,
    paddleContrasts: 1,
  });
  const fields = metadataText.trim().split(/\s/);
  const points = new Uint32Array(fields.length * 32);
  for (const [i, field] of fields.entries())
    for (const [j, letter] of [...field].entries()) points[i * 32 + j] = letter.codePointAt(0)!;
  const array = npy(plain('<U32', `(${fields.length / 11}, 11)`), bytesOf(points));
  assert.deepEqual(readPathfinderMetadata(array, '0.npy'), text);
  const read = (line: string) => () => readPathfinderMetadata(Buffer.from(metadataText + line), '0.npy');
  const second = Buffer.byteLength(metadataText);
  refuses(read('imgs/1 sample_2.png 2 2 1.0 14 4 2 0.5 1 1'), new RegExp(`0\\.npy, byte ${second}: the label is 2`));
  refuses(read('imgs/1 sample_2.png 2 1 1.0 14 4 2 0.5 1'), /10 fields instead of 11/);
  refuses(read('../.. sample_2.png 2 1 1.0 14 4 2 0.5 1 1'), /not a folder name/);
  refuses(read('imgs/1 ../a.png 2 1 1.0 14 4 2 0.5 1 1'), /not the name of a PNG/);
  refuses(read('imgs/1 a.png 2 1 1.0 x 4 2 0.5 1 1'), /not a number/);
  refuses(() => readPathfinderMetadata(new Uint8Array(0), '0.npy'), /name no image/);
});
