/** Which of a claim's kept runs are drawn, in which panel and in which colour. */
import { type Curve, readCurves } from '../../results/curves.ts';
import type { Evidence } from '../../results/evidence.ts';
import { scales, type TrainingClaim } from '../claim.ts';
import type { TrainingResults } from '../claim-results.ts';

export interface Drawn {
  run: Evidence;
  curve: Curve;
  /** Number of its colour. */
  hue: number;
}

export interface DrawnRuns {
  /** Runs that are seen together, under a name; paper scale first. */
  groups: { name: string; runs: Drawn[] }[];
  /** What each colour stands for. */
  names: string[];
}

/** A panel for each task and scale and a colour for each model; null when no run has a curve. */
export function drawnRuns({ claim, runs }: TrainingResults): DrawnRuns | null {
  const curves = new Map([...new Set(runs.map((run) => run.claim))].flatMap((id) => [...readCurves(id)]));
  const drawn = ordered(claim, runs).flatMap((run) => {
    const curve = curves.get(run.id);
    return curve ? [{ run, curve }] : [];
  });
  if (!drawn.length) return null;
  // One model on many tasks, such as the powers of a decay: its tasks are what is compared.
  const different = (of: (run: Evidence) => string) => new Set(drawn.map(({ run }) => of(run))).size;
  const byTask = different(({ model }) => model) === 1 && different(({ task }) => task) > 2;
  const hueOf = byTask ? ({ task }: Evidence) => task : ({ model }: Evidence) => model;
  const titles = byTask ? claim.tasks : titlesOf(claim);
  const present = Object.keys(titles).filter((id) => drawn.some(({ run }) => hueOf(run) === id));
  const groups = new Map<string, DrawnRuns['groups'][number]>();
  for (const { run, curve } of drawn) {
    const { scale, metric, task, data } = run;
    const key = JSON.stringify([scale, byTask ? data.id : task, data.kind, metric]);
    const name = `${byTask ? data.id : claim.tasks[task]}, ${scale} scale`;
    const group = groups.get(key) ?? { name, runs: [] };
    group.runs.push({ run, curve, hue: present.indexOf(hueOf(run)) });
    groups.set(key, group);
  }
  const rank = ({ runs: [{ run }] }: DrawnRuns['groups'][number]) => -scales.indexOf(run.scale);
  return {
    groups: [...groups.values()].sort((a, b) => rank(a) - rank(b)),
    names: present.map((id) => titles[id]),
  };
}

const titlesOf = ({ models }: TrainingClaim): Record<string, string> =>
  Object.fromEntries(Object.entries(models).map(([id, { title }]) => [id, title]));

/** In the order of the claim; of runs of one configuration the last one, as in the tables. */
function ordered({ tasks, models }: TrainingClaim, runs: readonly Evidence[]): Evidence[] {
  const place = ({ task, model, seed }: Evidence) =>
    1e6 * Object.keys(tasks).indexOf(task) + 1e3 * Object.keys(models).indexOf(model) + seed / 1e6;
  return [...new Map(runs.map((run) => [run.config_hash, run])).values()].sort((a, b) => place(a) - place(b));
}
