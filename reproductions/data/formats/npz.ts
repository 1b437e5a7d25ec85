/** numpy's .npz files: zip archives of .npy files, stored (`savez`) or deflated (`savez_compressed`). */
import { FormatError, quoted } from './format-error.ts';
import { type NdArray, readNpy } from './npy.ts';
import { openZip } from './zip.ts';

/** The arrays by name, without `.npy`. `from` is a path, or the file's bytes with a name for messages. */
export async function readNpz(from: string | { bytes: Uint8Array; file: string }): Promise<Map<string, NdArray>> {
  const file = typeof from === 'string' ? from : from.file;
  await using zip = await openZip(from);
  const arrays = new Map<string, NdArray>();
  for (const entry of zip.entries) {
    if (!entry.path.endsWith('.npy'))
      throw new FormatError(file, entry.offset, `the entry ${quoted(entry.path)} is not a .npy file`);
    const name = entry.path.slice(0, -4);
    if (arrays.has(name)) throw new FormatError(file, entry.offset, `there are two arrays ${quoted(name)}`);
    arrays.set(name, readNpy(await entry.bytes(), `${file}: ${entry.path}`));
  }
  return arrays;
}
