/** Names inside archives, as relative paths that stay inside the folder they are unpacked to. */
import { FormatError, quoted } from './format-error.ts';

/**
 * The parts of an entry's path: `./a//b/` is [a, b]. Refused: absolute paths, `..`, backslashes and drive letters
 * (Windows reads them as paths), control characters, names longer than a file system takes.
 */
export function safePath(path: string, file: string, offset: number): string[] {
  const refuse = (why: string): never => {
    throw new FormatError(file, offset, `the entry ${quoted(path)} is refused: its name ${why}`);
  };
  if (path.startsWith('/')) refuse('is an absolute path');
  if (path.includes('\\')) refuse('has a backslash');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) refuse('has a control character');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) refuse('leads out of the folder');
  if (parts.some((part) => /^[A-Za-z]:/.test(part))) refuse('has a drive letter');
  if (Buffer.byteLength(path) > 4096 || parts.some((part) => Buffer.byteLength(part) > 255)) refuse('is too long');
  return parts;
}
