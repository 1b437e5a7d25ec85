/** The validation curves of a claim's kept runs as one picture: a panel for each task, a colour for each model. */
import { panelOf } from '../../results/charts/curves.ts';
import { drawGrid } from '../../results/charts/grid.ts';
import { type Curve, readCurves } from '../../results/curves.ts';
import type { Evidence } from '../../results/evidence.ts';
import { scales, type TrainingClaim } from '../claim.ts';
import type { TrainingResults } from '../claim-results.ts';
import { inUnit } from '../results.ts';

/** Points of all curves together, so that a picture stays small. */
const POINTS = 3600;

interface Drawn {
  run: Evidence;
  curve: Curve;
}

/** Null when no run has a curve. */
export function courseChart({ claim, runs }: TrainingResults): string | null {
  const curves = new Map([...new Set(runs.map((run) => run.claim))].flatMap((id) => [...readCurves(id)]));
  const drawn = ordered(claim, runs).flatMap((run): Drawn[] => {
    const curve = curves.get(run.id);
    return curve ? [{ run, curve }] : [];
  });
  if (!drawn.length) return null;
  // One model on many tasks, such as the powers of a decay: its tasks are what is compared.
  const byTask = new Set(drawn.map(({ run }) => run.model)).size === 1 && new Set(drawn.map(taskOf)).size > 2;
  const [names, hueOf] = byTask
    ? [claim.tasks, taskOf]
    : [Object.fromEntries(Object.entries(claim.models).map(([id, { title }]) => [id, title])), modelOf];
  const present = Object.keys(names).filter((id) => drawn.some((one) => hueOf(one) === id));
  const panels = grouped(drawn, byTask).map((group) => {
    const [{ run }] = group;
    const metric = run.metric === 'accuracy' ? 'accuracy, %' : run.metric;
    const name = `${byTask ? run.data.id : claim.tasks[run.task]}, ${run.scale} scale: validation ${metric}`;
    const most = Math.max(4, Math.floor(POINTS / drawn.length));
    const points = group.map(({ run, curve }) =>
      spaced(curve.validation, most).map(([step, , value]) => ({ step, value: inUnit(run.metric, value) })),
    );
    const hues = group.map((one) => present.indexOf(hueOf(one)));
    return panelOf(name, points, inUnit(run.metric, run.guess.value), hues, points.flat().length <= 80);
  });
  return drawGrid(
    claim.title,
    panels,
    present.map((id) => names[id]),
    'Over training steps. Dashes: what is had without learning.',
  );
}

/** In the order of the claim; of runs of one configuration the last one, as in the tables. */
function ordered({ tasks, models }: TrainingClaim, runs: readonly Evidence[]): Evidence[] {
  const place = ({ task, model, seed }: Evidence) =>
    1e6 * Object.keys(tasks).indexOf(task) + 1e3 * Object.keys(models).indexOf(model) + seed / 1e6;
  return [...new Map(runs.map((run) => [run.config_hash, run])).values()].sort((a, b) => place(a) - place(b));
}

const taskOf = ({ run }: Drawn): string => run.task;
const modelOf = ({ run }: Drawn): string => run.model;

/** Curves that one panel holds: of a task, or of one model's tasks on the same data; the largest scale first. */
function grouped(drawn: readonly Drawn[], byTask: boolean): Drawn[][] {
  const groups = new Map<string, Drawn[]>();
  for (const one of drawn) {
    const { scale, metric, task, data } = one.run;
    const key = JSON.stringify([-scales.indexOf(scale), byTask ? '' : task, byTask ? data.id : data.kind, metric]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].sort((a, b) => scales.indexOf(b[0].run.scale) - scales.indexOf(a[0].run.scale));
}

/** At most `most` of the points, the last one among them. */
function spaced<T>(points: readonly T[], most: number): T[] {
  const every = Math.ceil(points.length / most);
  return points.filter((_, i) => (points.length - 1 - i) % every === 0);
}
