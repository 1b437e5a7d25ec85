/** The validation curves of a claim's kept runs as one picture. */
import { panelOf } from '../../results/charts/curves.ts';
import { drawGrid } from '../../results/charts/grid.ts';
import { inUnit } from '../results.ts';
import type { DrawnRuns } from './drawn-runs.ts';

/** Characters of all curves together, of one without points, and of a point: a picture stays small. */
const [ALL, CURVE, POINT] = [42_000, 130, 11];
/** Up to so many points each is marked. */
const MARKED = 240;

export function courseChart(title: string, { groups, names }: DrawnRuns): string {
  const all = groups.flatMap(({ runs }) => runs);
  const most = Math.max(4, Math.floor((ALL / all.length - CURVE) / POINT));
  const marked = all.reduce((sum, { curve }) => sum + Math.min(most, curve.validation.length), 0) <= MARKED;
  const panels = groups.map(({ name, runs }) => {
    const [{ run }] = runs;
    const metric = run.metric === 'accuracy' ? 'accuracy, %' : run.metric;
    const points = runs.map(({ curve }) =>
      spaced(curve.validation, most).map(([step, , value]) => ({ step, value: inUnit(run.metric, value) })),
    );
    return panelOf(`${name}: validation ${metric}`, points, inUnit(run.metric, run.guess.value), {
      ...{ hues: runs.map(({ hue }) => hue), dots: marked, linear: run.metric === 'accuracy' },
    });
  });
  return drawGrid(title, panels, names, 'Over training steps. Dashes: what is had without learning.');
}

/** At most `most` of the points, the last one among them. */
function spaced<T>(points: readonly T[], most: number): T[] {
  const every = Math.ceil(points.length / most);
  return points.filter((_, i) => (points.length - 1 - i) % every === 0);
}
