/** Evidence as finished runs and measurements leave it on a machine, with their journals, for tests of what keeps it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendEvidence, type Evidence } from '../results/evidence.ts';
import { keptKernel, kernelsFile } from '../results/kernels.ts';
import { appendMeasurement, type MeasurementEvidence, observationsHash } from '../results/measurement.ts';
import { configHash } from '../results/record.ts';
import type { TrainingClaim } from './claim.ts';
import { type MadeUp, madeUp } from './evidence.fixture.ts';
import { folderOf } from './kept-curves.ts';
import type { MeasurementClaim } from './measure/measurement.ts';
import type { JournalLine } from './train/journal.ts';

/** A run that was asked for by its own command line, beside a simple method and with the kernel that it has learned. */
export function finished(claim: TrainingClaim, run: MadeUp): Evidence {
  const record = madeUp(claim, run);
  const { task, model, scale, seed } = record;
  return {
    ...record,
    argv: [claim.id, '--scale', scale, '--task', task, '--models', model, '--seed', String(seed)],
    baselines: [{ method: 'counting words', metric: 'accuracy', value: 0.3 }],
    kernels: [{ block: 0, mixer: 'm', roughness: 0.25, early: 0.5, late: 0.1, zeros: 0 }],
    seconds: 90,
  };
}

/** The journal by which the accuracy of a record was had: the loss falls from 3 to 1 on a straight line. */
function journalOf({ steps, best_step, validation, test, config, time }: Evidence): JournalLine[] {
  const every = Math.max(1, Math.floor(steps / 10));
  const lines: JournalLine[] = [{ event: 'started', time, config: config as Record<string, never> }];
  for (let step = 1; step <= steps; step++) {
    const loss = 1 + 2 * (1 - step / steps);
    lines.push({ event: 'step', step, loss, value: 0.1, rate: 0.001, seconds: 0.01, tokens: 10 });
    if (step !== best_step && step % every) continue;
    const seen =
      step === best_step ? validation : { loss: validation.loss + 1, value: (0.9 * validation.value * step) / steps };
    lines.push({ event: 'evaluation', step, split: 'validation', ...seen, count: 100, seconds: 0.1 });
  }
  lines.push({ event: 'evaluation', step: steps, split: 'test', ...test, seconds: 0.1 });
  return [...lines, { event: 'finished', time, step: steps }];
}

/** Into this machine's evidence, with its journal and what its first convolution has become. */
export function leave(record: Evidence): void {
  appendEvidence(record);
  leaveJournal(record);
  const taps = Float64Array.from({ length: 300 }, (_, t) => Math.exp(-t / 50));
  if (record.model !== 'attention')
    writeFileSync(kernelsFile(folderOf(record)), JSON.stringify([keptKernel(0, record.model, [taps])]));
}

export function leaveJournal(record: Evidence): void {
  mkdirSync(folderOf(record), { recursive: true });
  const lines = journalOf(record).map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(join(folderOf(record), 'journal.jsonl'), lines.join(''));
}

/** Into this machine's evidence: GSS (`gss-speed`) at twice the speed of DSS. */
export function leaveMeasurement(gss: MeasurementClaim): MeasurementEvidence {
  const seen = (model: string, length: number, rounds: number[][]) => ({
    ...{ suite: 'lra-speed', record: `${model}-${length}`, sha256: 'x', time: `${length}`, config_hash: 'h', rounds },
    ...{ error: null, row: { candidate: model, model, length, roofline: 0.2, peak_bytes: 100 } },
  });
  const observations = [1024, 2048].flatMap((length) => [
    seen('gss', length, [[10], [11], [10.5]]),
    seen('dss', length, [[20], [22.5], [21]]),
  ]);
  const config = { claim: gss.id, scale: 'desk', runs: [...gss.runs.desk], device: 'cpu', threads: 2 };
  const record: MeasurementEvidence = {
    schema: 'longconv-measurement-1',
    ...{ id: 'made-up-gss', time: '2024-01-01T00:00:00.000Z', claim: gss.id, scale: 'desk' },
    ...{ git: { commit: 'a'.repeat(40), dirty: false }, version: '0.0.0' },
    argv: ['gss-speed', '--scale', 'desk', '--out', '/tmp/x'],
    runtime: { name: 'bun', version: '1', os: 'linux', arch: 'x64' },
    host: { name: 'h', cpu: 'c', cores: 2, memory_bytes: 1, load: [0] },
    device: { id: 'cpu', name: 'c', vendor: 'v', driver: 'd', features: ['avx2'], software: false, threads: 2 },
    ...{ config, config_hash: configHash(config), observations, observations_hash: observationsHash(observations) },
    ...{ rows: gss.rows(observations, 'desk'), seconds: 100 },
  };
  appendMeasurement(record);
  return record;
}
