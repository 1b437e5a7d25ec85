/**
 * Pickles (protocol 3) of a float32 array and of a float32 scalar with the instructions that numpy's own pickles have:
 * Python loads them as `numpy.ndarray` and `numpy.float32`. Equal values give equal bytes.
 */

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
/** c module name: a callable by its name. */
const named = (module: string, name: string): Uint8Array => ascii(`c${module}\n${name}\n`);

function word(code: string, value: number): Uint8Array {
  const bytes = Buffer.alloc(5);
  bytes.write(code, 'latin1');
  bytes.writeInt32LE(value, 1);
  return bytes;
}
const text = (value: string): Uint8Array[] => [word('X', value.length), ascii(value)];

/** numpy.dtype('f4', False, True) with its state (3, '<', None, None, None, -1, -1, 0). */
const float32: Uint8Array[] = [
  ...[named('numpy', 'dtype'), ...text('f4'), ascii('\x89\x88\x87R')],
  ...[ascii('(K\x03'), ...text('<'), ascii('NNN'), word('J', -1), word('J', -1), ascii('K\x00tb')],
];

const PROTOCOL = ascii('\x80\x03');

/** `array` in row-major order. */
export function pickleFloat32Array(array: Float32Array, shape: readonly [number, number]): Uint8Array {
  if (array.length !== shape[0] * shape[1])
    throw new RangeError(`${array.length} numbers are not an array of ${shape.join(' x ')}`);
  return Buffer.concat([
    ...[PROTOCOL, named('numpy.core.multiarray', '_reconstruct'), named('numpy', 'ndarray')],
    ...[ascii('K\x00\x85'), ascii('C\x01b'), ascii('\x87R')],
    ...[ascii('(K\x01'), word('J', shape[0]), word('J', shape[1]), ascii('\x86'), ...float32, ascii('\x89')],
    ...[word('B', array.byteLength), new Uint8Array(array.buffer, array.byteOffset, array.byteLength), ascii('tb.')],
  ]);
}

export const pickleFloat32 = (value: number): Uint8Array =>
  Buffer.concat([
    ...[PROTOCOL, named('numpy.core.multiarray', 'scalar'), ...float32],
    ...[ascii('C\x04'), new Uint8Array(Float32Array.of(value).buffer), ascii('\x86R.')],
  ]);
