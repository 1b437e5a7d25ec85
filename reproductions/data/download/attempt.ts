/** One connection: what it may continue, and whether what comes belongs to what is here. */
import { showBytes } from '../../../results/tables.ts';
import { host, TransferError } from './failure.ts';
import { wrongForm } from './form.ts';
import type { Partial } from './partial.ts';
import { Rate } from './rate.ts';
import type { Report } from './report.ts';
import { type Answer, request, type Validator } from './request.ts';
import type { SourceFile } from './source.ts';

export interface Connection {
  url: string;
  file: SourceFile;
  partial: Partial;
  stall: number;
  signal: AbortSignal;
  report: Report;
  /** Throws when so many more bytes do not fit on the disk. */
  room(bytes: number): void;
}

/** Brings `partial` to its full length. Resolves to whether it now holds parts of several answers. */
export async function attempt(connection: Connection): Promise<boolean> {
  const { url, file, partial, stall, signal, report } = connection;
  const size = file.bytes?.value ?? null;
  if (size !== null && partial.bytes > size) partial.restart();
  if (partial.bytes > 0 && partial.bytes === (size ?? continued(connection)?.total)) return true;
  const version = continued(connection);
  const asked = version ? partial.bytes : 0;
  if (size !== null) connection.room(size - asked);
  const answer = await request(url, { offset: asked, validator: version, stall, signal });
  if ('complete' in answer) {
    if ((answer.complete ?? version?.total) === partial.bytes) return true;
    partial.restart();
    throw new TransferError('again', `${host(url)} has a shorter file than before, so it starts over: ${url}`);
  }
  try {
    belongs(connection, answer, asked);
    if (answer.offset === 0 && partial.bytes > 0) {
      report.say(`${file.name}: ${host(url)} sends all of it again: the ${showBytes(partial.bytes)} here are let go`);
      partial.restart();
    }
    if (size === null) connection.room((answer.total ?? file.about?.value ?? partial.bytes) - partial.bytes);
    partial.from({ url, total: answer.total ?? size, ...answer.validator });
    await receive(connection, answer);
  } finally {
    answer.close();
  }
  return asked > 0 && answer.offset > 0;
}

/**
 * The version that the part here is of, when the rest can be asked for: from the address that it came from if that
 * names versions, from any other if a published checksum will tell whether the parts fit.
 */
function continued({ url, file, partial }: Connection): (Validator & { total: number | null }) | null {
  const { origin } = partial;
  if (!origin || partial.bytes === 0) return null;
  const checked = file.sha256 !== null || file.md5 !== null;
  if (origin.url !== url) return checked ? { etag: null, modified: null, total: origin.total } : null;
  const named = (origin.etag && !origin.etag.startsWith('W/')) || origin.modified;
  return named || checked ? origin : null;
}

/** Throws when the answer is of another file than the part, or than the published one. */
function belongs({ url, file, partial }: Connection, answer: Answer, asked: number): void {
  const size = file.bytes?.value ?? null;
  if (size !== null && answer.total !== null && answer.total !== size)
    throw new TransferError(
      'elsewhere',
      `${host(url)} offers a file of ${answer.total} bytes, and the published one has ${size}: ${url}`,
    );
  if (answer.offset === 0) return;
  const before = partial.origin;
  const other =
    answer.offset !== asked ||
    (before?.total != null && answer.total !== null && answer.total !== before.total) ||
    (before?.url === url && before.etag && answer.validator.etag && answer.validator.etag !== before.etag);
  if (!other) return;
  partial.restart();
  throw new TransferError('again', `${host(url)} sends a part of another file, so it starts over: ${url}`);
}

async function receive({ url, file, partial, report }: Connection, { body, total }: Answer): Promise<void> {
  const size = file.bytes?.value ?? total;
  const rate = new Rate();
  let shown = 0;
  let looked = false;
  try {
    for await (const chunk of body) {
      if (size !== null && partial.bytes + chunk.length > size) {
        partial.restart();
        throw new TransferError('elsewhere', `${host(url)} sends more than the ${size} bytes of the file: ${url}`);
      }
      partial.append(chunk);
      const wrong = looked ? null : wrongForm(file, partial.digest.head);
      looked ||= partial.bytes >= 8;
      if (wrong) {
        partial.restart();
        throw new TransferError('elsewhere', `${host(url)} sends something else (${wrong}): ${url}`);
      }
      if (performance.now() - shown > 200) {
        shown = performance.now();
        rate.add(partial.bytes);
        report.live(`${file.name}: ${rate.describe(partial.bytes, size)}`);
      }
    }
  } catch (error) {
    if (error instanceof TransferError && error.remedy === 'again')
      throw new TransferError('again', `${error.message} (after ${partial.bytes} of ${size ?? 'unknown'} bytes)`);
    throw error;
  }
  if (size !== null && partial.bytes < size)
    throw new TransferError('again', `${host(url)} ended after ${partial.bytes} of ${size} bytes: ${url}`);
}
