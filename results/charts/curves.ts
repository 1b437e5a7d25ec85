/** Draws the course of training runs: the loss of the training steps, and the metric on the validation split. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { type Panel, type Point, panelHeight, panelWidth, picture } from './panel.ts';

export interface Course {
  name: string;
  /** Loss of every training step. */
  loss: { step: number; value: number }[];
  /** Metric on the validation split, in the unit of the tables. */
  validation: { step: number; value: number }[];
}

export interface CurveOptions {
  title: string;
  /** Name of the metric with its unit. */
  metric: string;
  /** What is had without learning: a dashed line. */
  level?: { loss: number; value: number };
}

/** At most so many points a curve: neighbouring steps are put together. */
const POINTS = 200;
/** Curves of so few points show each of them. */
const DOTTED = 40;

export function drawCurves(courses: readonly Course[], { title, metric, level }: CurveOptions): string {
  const panels = [
    panelOf(
      'training loss over steps',
      courses.map((c) => thinned(c.loss)),
      level?.loss,
    ),
    panelOf(
      `validation ${metric} over steps`,
      courses.map((c) => c.validation),
      level?.value,
    ),
  ];
  return picture(
    title,
    panels,
    courses.map((c) => c.name),
  );
}

/** Means over equal parts, at most `most` of them; each stands at its last step. */
export function thinned(points: Course['loss'], most = POINTS): Course['loss'] {
  const size = Math.max(1, Math.ceil(points.length / most));
  const parts: Course['loss'] = [];
  for (let from = 0; from < points.length; from += size) {
    const part = points.slice(from, from + size);
    const value = part.reduce((sum, p) => sum + p.value, 0) / part.length;
    parts.push({ step: part[part.length - 1].step, value });
  }
  return parts;
}

export interface PanelOptions {
  /** Which colour each curve has; default: the next one. */
  hues?: readonly number[];
  /** Whether points are marked; default: few are. */
  dots?: boolean;
  /** Never on a logarithmic axis. */
  linear?: boolean;
}

export function panelOf(
  name: string,
  curves: readonly Course['loss'][],
  level: number | undefined,
  options: PanelOptions = {},
): Panel {
  const { hues, linear, dots = curves.every((points) => points.length <= DOTTED) } = options;
  const all = curves.flat();
  const values = [...all.map((p) => p.value), ...(level === undefined ? [] : [level])];
  const last = Math.max(1, ...all.map((p) => p.step));
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  // What falls by more than a factor of twenty is read off a logarithmic axis.
  const log = !linear && low > 0 && high / low > 20;
  const pad = high > low ? 0.05 * (high - low) : Math.max(1e-3, Math.abs(high) * 0.05);
  const x = scaleLinear([0, last], [0, panelWidth]);
  const y = log
    ? scaleLog([low / 1.1, high * 1.1], [panelHeight, 0])
    : scaleLinear([low - pad, high + pad], [panelHeight, 0]);
  const ticks = log ? y.ticks(3).filter((v) => /^[125]/.test(String(v).replace(/^0\.0*/, ''))) : y.ticks(4);
  return {
    name,
    curves: curves.map((points) => points.map((p): Point => [x(p.step), y(p.value)])),
    dots,
    ...(level === undefined ? {} : { level: y(level) }),
    ...(hues ? { hues } : {}),
    x,
    y,
    xTicks: x.ticks(4).map((v) => [v, x(v)]),
    yTicks: ticks.map((v) => [v, y(v)]),
    labels: { x: String, y: (v) => Number(v.toPrecision(6)).toString() },
  };
}
