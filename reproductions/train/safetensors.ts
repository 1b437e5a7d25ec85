/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header { name: { dtype, shape,
 * data_offsets } }, then the tensors one after another, little endian. Writer and reader of the types that we
 * have: F32, F64, I32. Offsets count from the end of the header, which is padded with spaces to a multiple of 8.
 */
export type TensorData = Float32Array | Float64Array | Int32Array;
export interface NamedTensor {
  data: TensorData;
  shape: readonly number[];
}

interface Entry {
  dtype: 'F32' | 'F64' | 'I32';
  shape: number[];
  data_offsets: [number, number];
}

const arrays = { F32: Float32Array, F64: Float64Array, I32: Int32Array } as const;

export function encodeSafetensors(
  tensors: Map<string, NamedTensor>,
  metadata: Record<string, string> = {},
): Uint8Array[] {
  const header: Record<string, Entry | Record<string, string>> = {};
  if (Object.keys(metadata).length) header.__metadata__ = metadata;
  const parts: Uint8Array[] = [];
  let offset = 0;
  // The widest types first, so that every tensor begins at a multiple of its own size.
  const sorted = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  for (const [name, { data, shape }] of sorted) {
    if (shape.reduce((a, b) => a * b, 1) !== data.length)
      throw new RangeError(`${name}: ${data.length} values do not fill shape (${shape.join(', ')})`);
    const end = offset + data.byteLength;
    header[name] = { dtype: dtypeOf(data), shape: [...shape], data_offsets: [offset, end] };
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset = end;
  }
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json + ' '.repeat((8 - (new TextEncoder().encode(json).length % 8)) % 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return [length, text, ...parts];
}

/** Reads a whole file. Throws one sentence when it is not well-formed. */
export function decodeSafetensors(bytes: Uint8Array): Map<string, NamedTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length >= 8 ? Number(view.getBigUint64(0, true)) : Number.NaN;
  if (!(length <= bytes.length - 8)) throw new Error('not a safetensors file: its header does not fit');
  let header: Record<string, Entry>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw new Error('not a safetensors file: its header is not JSON');
  }
  const payload = bytes.subarray(8 + length);
  const tensors = new Map<string, NamedTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const Type = arrays[entry.dtype];
    if (!Type) throw new Error(`${name} has the type ${entry.dtype}; F32, F64 and I32 can be read`);
    const [from, to] = entry.data_offsets;
    const count = entry.shape.reduce((a, b) => a * b, 1);
    if (!(from >= 0 && to <= payload.length && to - from === count * Type.BYTES_PER_ELEMENT))
      throw new Error(`${name} does not lie within the file`);
    const copy = payload.slice(from, to);
    tensors.set(name, { data: new Type(copy.buffer, copy.byteOffset, count), shape: entry.shape });
  }
  return tensors;
}

function dtypeOf(data: TensorData): Entry['dtype'] {
  if (data instanceof Float32Array) return 'F32';
  return data instanceof Float64Array ? 'F64' : 'I32';
}
