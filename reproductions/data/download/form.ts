/** A web page, a login form or an error text in the place of an archive is known by its first bytes. */
import { magic, type SourceFile } from './source.ts';

/** What is wrong with the beginning of a file; null when it may be one of its form, or too little has come to tell. */
export function wrongForm(file: SourceFile, head: Uint8Array): string | null {
  const expected = magic[file.form];
  if (head.length < expected.bytes) return null;
  const found = [...head].map((b) => b.toString(16).padStart(2, '0')).join('');
  if (expected.begins.test(found)) return null;
  const text = new TextDecoder().decode(head).trimStart();
  const what = text.startsWith('<') ? 'a web page' : `something that begins with ${found}`;
  return `it is ${what}, not a ${file.form} file`;
}
