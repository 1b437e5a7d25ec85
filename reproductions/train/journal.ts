/**
 * The journal of a run: JSON Lines, one per step and per evaluation, append-only. A resumed run says so; readers
 * then forget what came after the checkpoint that it went on from, because those steps were made again. One that had
 * no checkpoint to go on from starts again, and readers forget all that was before.
 */
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import * as z from 'zod';
import { appendRecord, readRecords, showDamage } from '../../results/store.ts';
import { storageError } from '../../results/terminal/errors.ts';
import { progress } from '../../results/terminal/output.ts';

const number = z.number();
const journalSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('started'), time: z.iso.datetime(), config: z.record(z.string(), z.json()) }),
  z.object({ event: z.literal('resumed'), time: z.iso.datetime(), step: number }),
  z.object({
    event: z.literal('step'),
    step: number,
    loss: number,
    /** In the metric of the plan. */
    value: number,
    rate: number,
    /** Seconds that the step took, and what it saw. */
    seconds: number,
    tokens: number,
    /** Seconds of these in which it waited for its data. */
    waited: number.optional(),
  }),
  z.object({
    event: z.literal('evaluation'),
    step: number,
    split: z.enum(['validation', 'test']),
    loss: number,
    value: number,
    /** Predictions that were counted. */
    count: number,
    seconds: number,
  }),
  z.object({ event: z.literal('stopped'), time: z.iso.datetime(), step: number, reason: z.string() }),
  z.object({ event: z.literal('finished'), time: z.iso.datetime(), step: number }),
]);
export type JournalLine = z.infer<typeof journalSchema>;
export type StepLine = Extract<JournalLine, { event: 'step' }>;
export type EvaluationLine = Extract<JournalLine, { event: 'evaluation' }>;

export class Journal {
  constructor(readonly file: string) {}

  write(line: JournalLine): void {
    appendRecord(this.file, line);
  }

  /** What was written is on the disk when it returns. */
  settle(): void {
    if (!existsSync(this.file)) return;
    const file = openSync(this.file, 'r+');
    try {
      fsyncSync(file);
    } catch (error) {
      throw storageError(this.file, error, 'LONGCONV_RESULTS');
    } finally {
      closeSync(file);
    }
  }

  /** Every line that still holds, in order. Damaged lines are set aside by the store, and named. */
  read(): JournalLine[] {
    if (!existsSync(this.file)) return [];
    let lines: JournalLine[] = [];
    const { records, damage } = readRecords(this.file, journalSchema, { own: true });
    for (const d of damage) progress.say(showDamage(d));
    for (const line of records) {
      if (line.event === 'started') lines = [];
      else if (line.event === 'resumed') {
        const { step } = line;
        lines = lines.filter((l) => !('step' in l) || l.step <= step || l.event === 'resumed');
      } else if (line.event === 'evaluation')
        // One that was made again, because the run was killed before its checkpoint.
        lines = lines.filter((l) => l.event !== 'evaluation' || l.step !== line.step || l.split !== line.split);
      lines.push(line);
    }
    return lines;
  }
}
