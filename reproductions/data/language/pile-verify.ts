/** What is known of the Pile: its components' shares, the mean size of its documents, its training tokens. */
import { statSync } from 'node:fs';
import { MissingFileError } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { FormatError } from '../formats/format-error.ts';
import { compareExactly, shown } from './compare.ts';
import { compareComponents, countComponents } from './pile-components.ts';
import { type PileEdition, wholePile } from './pile-editions.ts';
import { findPile } from './pile-files.ts';

/** Tokens of all 30 shards (safari's configuration). */
const trainTokens = 374_337_375_694;
/** Mean document in KiB (Gao et al., table 1). */
const meanDocument = 5.91;
const SHARDS = 30;
/** Reading 30 shards from one end to the other takes days: the beginning of each tells whether they are what they say. */
const OF_A_SHARD = 20_000;

export async function verifyPile({ from, signal }: VerifyOptions, edition = wholePile): Promise<Verified> {
  if (from === undefined)
    throw new MissingFileError(
      `${edition.id} is read from its files: repro data get ${edition.id}, or --from <a file or their folder>`,
    );
  if (statSync(from).isFile()) return await verifyFiles([from], from, edition, signal);
  const files = findPile(from, edition.id);
  const held = await verifyFiles(
    [...files.validation, ...files.test],
    `validation and test of ${from}`,
    edition,
    signal,
  );
  // Validation and test alone are what the public can still get.
  const count = files.train.length ? compareExactly : shown;
  const rows = [count('training shards', files.train.length, SHARDS), ...held.rows];
  if (edition === wholePile) rows.push(shown('training tokens', 'counted when they are packed', trainTokens));
  if (files.train.length) {
    const counts = await countComponents(files.train, { limit: OF_A_SHARD, ...(signal ? { signal } : {}) });
    rows.push(
      ...compareComponents(counts, edition.without).map((row) => ({ ...row, quantity: `training: ${row.quantity}` })),
    );
  }
  return { ...held, rows };
}

async function verifyFiles(
  files: readonly string[],
  name: string,
  { without }: PileEdition,
  signal?: AbortSignal,
): Promise<Verified> {
  const counts = await countComponents(files, signal ? { signal } : {});
  const all = [...counts.values()];
  const documents = all.reduce((n, count) => n + count.documents, 0);
  const bytes = all.reduce((n, count) => n + count.bytes, 0);
  if (!documents) throw new FormatError(name, null, 'there are no documents in it');
  return {
    what: `${documents} documents, ${bytes} bytes of text: ${name}`,
    rows: [shown('mean document, KiB', bytes / documents / 1024, meanDocument), ...compareComponents(counts, without)],
    complaints: [],
  };
}
