/**
 * The pictures of a finished run, beside its journal: `curves.svg` (loss and validation metric) and `kernel-<block>.svg`
 * (what each convolution has become: smooth or rough, decaying or not), and the kernels' statistics for its evidence.
 * `kernels.json` holds what is drawn again of them where the evidence is kept.
 */
import { join } from 'node:path';
import { Tape } from '../kernels/tensor/tape.ts';
import { type KernelStatistics, statisticsOf } from '../models/kernel-statistics.ts';
import { drawCurves } from '../results/charts/curves.ts';
import { drawKernel } from '../results/charts/kernel.ts';
import { type KeptKernel, keptKernel, kernelsFile } from '../results/kernels.ts';
import { writeAtomically } from './data/cache.ts';
import type { Guess } from './guess.ts';
import { inUnit } from './results.ts';
import { Journal } from './train/journal.ts';
import type { Session } from './train/session.ts';

export interface LearnedKernel extends KernelStatistics {
  block: number;
  mixer: string;
}

const write = (path: string, text: string) => writeAtomically(path, [new TextEncoder().encode(text)]);

/** The kernels of the model as it is now, each as a picture in `folder`. */
export async function drawKernels(session: Session, folder: string, title: string): Promise<LearnedKernel[]> {
  const learned: LearnedKernel[] = [];
  const kept: KeptKernel[] = [];
  using t = new Tape(session.device, { grad: false });
  for (const { block, mixer, kernel } of session.model.kernels(t)) {
    const [copies, rows, L] = kernel.shape;
    const taps = Float64Array.from(await kernel.read());
    const channels = Array.from({ length: copies * rows }, (_, h) => taps.subarray(h * L, (h + 1) * L));
    learned.push({ block, mixer, ...statisticsOf(channels) });
    const drawn = channels.slice(0, rows);
    kept.push(keptKernel(block, mixer, drawn));
    write(join(folder, `kernel-${block}.svg`), drawKernel(`${title}: block ${block}, ${mixer}`, drawn));
  }
  if (kept.length) write(kernelsFile(folder), JSON.stringify(kept));
  return learned;
}

/** The journal's curves as a picture in `folder`. */
export function drawCourse(session: Session, folder: string, title: string, guess: Guess): void {
  const { metric } = session.plan;
  const lines = new Journal(join(folder, 'journal.jsonl')).read();
  const course = {
    name: '',
    loss: lines.flatMap((line) => (line.event === 'step' ? [{ step: line.step, value: line.loss }] : [])),
    validation: lines.flatMap((line) =>
      line.event === 'evaluation' && line.split === 'validation'
        ? [{ step: line.step, value: inUnit(metric, line.value) }]
        : [],
    ),
  };
  const level = { loss: guess.loss, value: inUnit(metric, guess.value) };
  const name = metric === 'accuracy' ? 'accuracy, %' : metric;
  write(join(folder, 'curves.svg'), drawCurves([course], { title, metric: name, level }));
}
