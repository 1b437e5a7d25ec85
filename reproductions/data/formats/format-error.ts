/** How reading ends when it cannot go on: the file is not what its format says, or a tool for it is not here. */

/** The file is malformed, or uses a part of its format that is refused: file, place and reason in one sentence. */
export class FormatError extends Error {
  override name = 'FormatError';

  /** `offset` counts bytes of the (decompressed) stream that is being read; null where there is no place to name. */
  constructor(
    readonly file: string,
    readonly offset: number | null,
    readonly reason: string,
  ) {
    super(offset === null ? `${file}: ${reason}` : `${file}, byte ${offset}: ${reason}`);
  }
}

/** Something outside of this program that the file needs is missing; the sentence says what to install. */
export class MissingToolError extends Error {
  override name = 'MissingToolError';
}

/** Text of the file inside an error: quoted, at most 60 characters, nothing that a terminal would obey. */
export const quoted = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);

/** `error` as a `FormatError` about this place, unless it is one already. */
export function asFormatError(error: unknown, file: string, offset: number | null, what: string): FormatError {
  if (error instanceof FormatError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new FormatError(file, offset, `${what} (${message.split('\n')[0]})`);
}
