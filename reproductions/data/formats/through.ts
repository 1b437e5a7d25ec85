/** A stream of chunks through one of node:zlib's decoders: backpressure, and one error, whichever side it came from. */
import { pipeline, type Transform } from 'node:stream';
import type { Chunks } from './byte-stream.ts';
import { asFormatError } from './format-error.ts';

/**
 * `what` begins the reason when the decoder gives up; the offset is that of the compressed byte it had got to, where
 * `base` is the offset of the first.
 */
export async function* through(
  source: Chunks,
  decoder: Transform,
  file: string,
  what: string,
  base = 0,
): AsyncGenerator<Buffer> {
  // Deno reports a second error after the reader has gone; somebody must hear it.
  decoder.on('error', () => {});
  let fromSource: { error: unknown } | null = null;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      fromSource = { error };
      throw error;
    }
  };
  const settled = new Promise<void>((resolve) => pipeline(watched(), decoder, () => resolve()));
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
  } catch (error) {
    if (fromSource) throw (fromSource as { error: unknown }).error;
    const at = (decoder as unknown as { bytesWritten?: number }).bytesWritten;
    throw asFormatError(error, file, at === undefined ? null : base + at, what);
  } finally {
    decoder.destroy();
    await settled;
  }
}
