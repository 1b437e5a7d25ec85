/**
 * The list of emoji (`emoji.json` of emoji-datasource): which are used, their class, and the split they belong to. A
 * concept is one emoji without its skin-tone variants, which the list keeps apart; "Component" entries (the skin tones
 * themselves) are left out. Both vendors' pictures of a concept lie in the same split.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { SplitName } from '../dataset.ts';
import { FormatError } from '../formats/format-error.ts';

/** Categories in alphabetical order: classes 0..8. */
export const emojiClasses = [
  ...['Activities', 'Animals & Nature', 'Flags', 'Food & Drink', 'Objects', 'People & Body'],
  ...['Smileys & Emotion', 'Symbols', 'Travel & Places'],
] as const;

export interface Concept {
  /** Code points, e.g. `1F600` or `0023-FE0F-20E3`. */
  unified: string;
  /** File name of the pictures. */
  image: string;
  label: number;
  split: SplitName;
}

/** SHA-1 of the code points, as a number, modulo 100: below 80 training, 80 to 89 validation, from 90 on test. */
export function splitOf(unified: string): SplitName {
  const rest = Number(BigInt(`0x${createHash('sha1').update(unified).digest('hex')}`) % 100n);
  return rest < 80 ? 'train' : rest < 90 ? 'validation' : 'test';
}

const listSchema = z.array(
  z.object({ unified: z.string().regex(/^[0-9A-F-]+$/), image: z.string(), category: z.string() }),
);

/** Concepts in the order of their SHA-1, so that the beginning of a split is a fair sample of it. */
export function readConcepts(folder: string): Concept[] {
  const file = join(folder, 'emoji.json');
  let list: unknown;
  try {
    list = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new FormatError(file, 0, `the list of emoji is no JSON (${(error as Error).message})`);
  }
  const parsed = listSchema.safeParse(list);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FormatError(file, 0, `entry ${issue.path.join('.')} of the list of emoji: ${issue.message}`);
  }
  const concepts = parsed.data
    .filter((entry) => entry.category !== 'Component')
    .map(({ unified, image, category }): Concept => {
      const label = (emojiClasses as readonly string[]).indexOf(category);
      if (label < 0) throw new FormatError(file, 0, `${unified} has the category "${category}", which is not known`);
      if (!/^[0-9a-f-]+\.png$/.test(image)) throw new FormatError(file, 0, `${unified} has the image "${image}"`);
      return { unified, image, label, split: splitOf(unified) };
    });
  const order = (concept: Concept) => createHash('sha1').update(concept.unified).digest('hex');
  return concepts
    .map((c) => [order(c), c] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, c]) => c);
}
