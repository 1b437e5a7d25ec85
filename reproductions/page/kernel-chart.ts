/** The first convolution of a claim's kept models, after training, as one picture: smooth or rough, decaying or not. */
import { drawGrid } from '../../results/charts/grid.ts';
import { sizePanel, tapPanel } from '../../results/charts/kernel.ts';
import type { KeptKernel } from '../../results/kernels.ts';
import type { Drawn, DrawnRuns } from './drawn-runs.ts';

/** Panels of sizes (about 4 KB each) and of taps (2 KB), so that a picture stays small. */
const [GROUPS, TAPS] = [7, 14];

type WithKernel = Drawn & { kernel: KeptKernel };

/** Of every panel's largest scale, each model with its first seed; null when no kernel was kept. */
export function kernelChart(title: string, { groups, names }: DrawnRuns): string | null {
  const seen = new Set<string>();
  const shown = groups.flatMap(({ name, runs }) => {
    const task = `${runs[0].run.task} ${runs[0].run.data.id}`;
    const kernels = seen.has(task) ? [] : firstSeeds(runs);
    seen.add(task);
    return kernels.length ? [{ name, kernels }] : [];
  });
  if (!shown.length) return null;
  let left = TAPS;
  const panels = shown.slice(0, GROUPS).flatMap(({ name, kernels }) => {
    const longest = Math.max(...kernels.map(({ kernel }) => kernel.length));
    const hues = kernels.map(({ hue }) => hue);
    const curves = kernels.map(({ kernel }) => kernel.sizes);
    const sizes = sizePanel(`${name}: root mean square of all channels over lag + 1`, curves, longest, hues);
    const taps = kernels.slice(0, left).map(({ kernel, hue }) => {
      const what = `${names[hue]}: taps of a channel`;
      return tapPanel(kernel.taps.length < kernel.length ? `${what}, the first` : what, [kernel.taps], [hue]);
    });
    left -= taps.length;
    return [sizes, ...taps];
  });
  return drawGrid(`${title}: the first convolution after training`, panels, names);
}

function firstSeeds(runs: readonly Drawn[]): WithKernel[] {
  const first = new Map<number, WithKernel>();
  for (const drawn of runs) {
    const { kernel } = drawn.curve;
    if (kernel && !first.has(drawn.hue)) first.set(drawn.hue, { ...drawn, kernel });
  }
  return [...first.values()].sort((a, b) => a.hue - b.hue);
}
