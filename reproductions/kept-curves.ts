/** The small curve that is kept of a run, out of its journal; and whether it agrees with the evidence of the run. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { thinned } from '../results/charts/curves.ts';
import type { Curve } from '../results/curves.ts';
import type { Evidence } from '../results/evidence.ts';
import { keptKernelSchema, kernelsFile } from '../results/kernels.ts';
import { runsFolder } from '../results/provenance.ts';
import { Journal } from './train/journal.ts';
import { higherIsBetter } from './train/metrics.ts';
import type { Finding } from './verify.ts';

/** Points of training loss. */
const POINTS = 60;
/** Digits of a training loss: it is there to be drawn. */
const DIGITS = 5;

/** Where a run keeps its journal and checkpoints. */
export function folderOf({ claim, task, model, scale, seed, config_hash }: Evidence): string {
  return join(runsFolder(), 'repro', claim, scale, `${task}-${model}-seed${seed}-${config_hash.slice(0, 8)}`);
}

/** Null when the journal is gone, or holds no evaluation. */
export function curveOf(record: Evidence): Curve | null {
  const lines = new Journal(join(folderOf(record), 'journal.jsonl')).read();
  const losses = lines.flatMap((line) => (line.event === 'step' ? [{ step: line.step, value: line.loss }] : []));
  const evaluations = lines.flatMap((line) =>
    line.event === 'evaluation' && line.split === 'validation' ? [line] : [],
  );
  if (!losses.length || !evaluations.length) return null;
  return {
    schema: 'longconv-curve-1',
    evidence: record.id,
    claim: record.claim,
    training: thinned(losses, POINTS).map(({ step, value }) => [step, Number(value.toPrecision(DIGITS))]),
    validation: evaluations.map(({ step, loss, value }) => [step, loss, value]),
    ...firstKernel(folderOf(record)),
  };
}

/** Runs that were made before kernels were written down have none. */
function firstKernel(folder: string): Pick<Curve, 'kernel'> {
  const file = kernelsFile(folder);
  if (!existsSync(file)) return {};
  const [kernel] = z.array(keptKernelSchema).parse(JSON.parse(readFileSync(file, 'utf8')));
  return { kernel };
}

/** What is wrong with the curve of a record; nothing: the best step it shows is the one that was tested. */
export function curveFindings(record: Evidence, curve: Curve | undefined): Finding[] {
  if (!curve) return [];
  const sign = higherIsBetter(record.metric) ? 1 : -1;
  const [first, ...others] = curve.validation;
  const best = others.reduce((a, b) => (sign * (b[2] - a[2]) > 0 ? b : a), first);
  const { validation, best_step, steps } = record;
  const found: Finding[] = [];
  if (best[0] !== best_step || best[1] !== validation.loss || best[2] !== validation.value)
    found.push({
      kind: 'wrong',
      sentence: `its kept curve is best on validation at step ${best[0]} with ${best[2]}, and not at step ${best_step} with ${validation.value}`,
    });
  const end = curve.training.at(-1)?.[0];
  if (end !== steps)
    found.push({ kind: 'wrong', sentence: `its kept curve ends at step ${end}, and the run at step ${steps}` });
  return found;
}
