/**
 * Writes `models/KERNELS.md` and its pictures: the convolution kernel of every system before training.
 *
 *   npm run pictures
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelStatistics } from '../../models/kernel-statistics.ts';
import { type LoadedSystem, systems } from '../../models/systems.ts';
import { drawKernel } from '../../results/charts/kernel.ts';
import { packageRoot } from '../../results/provenance.ts';
import { length, type StartingKernel, startingKernel, width } from './kernels.ts';

export const pageFile = join(packageRoot, 'models', 'KERNELS.md');
export const pictureFolder = join(packageRoot, 'models', 'kernels');

/** Text of each file by its path. */
export async function kernelPage(): Promise<Map<string, string>> {
  const drawn = await Promise.all(
    systems.toSorted(byPaper).map(async (system) => ({ system, kernel: await startingKernel(system) })),
  );
  const kernels = drawn.filter((d): d is (typeof drawn)[number] & { kernel: StartingKernel } => d.kernel !== null);
  // Systems that differ elsewhere start from the same kernel: the first of them stands for all.
  const first = (d: (typeof kernels)[number]) => kernels.find((o) => sameTaps(o.kernel, d.kernel)) as typeof d;
  const convolutions = kernels.filter((d) => first(d) === d);
  const repeated = kernels.filter((d) => first(d) !== d).map((d) => `${d.system.title} (as ${first(d).system.title})`);
  const others = drawn.filter((d) => d.kernel === null).map((d) => d.system.title);
  const files = new Map<string, string>();
  const lines = [
    '# Kernels before training',
    '',
    `What each system's convolution starts from: ${width} channels, ${length} steps, seed 0, in float64. Left: the taps of four channels over time. Right: how large taps are at each lag, over all channels. Two-sided systems: the part that acts on the past.`,
    '',
    "Roughness is the power of the differences of neighbouring taps over twice the taps' power: 1 for independent taps, near 0 for a smooth curve. First 1/16 and last 1/2 are the shares of the power in those parts of the kernel; a kernel that does not decay has 6.3 % and 50 %. Written by `npm run pictures`; do not edit.",
    '',
    '| System | Roughness | First 1/16 | Last 1/2 | Taps that are 0 | In words |',
    '| --- | ---: | ---: | ---: | ---: | --- |',
    ...convolutions.map(({ system, kernel: { statistics: s } }) => {
      const percents = [s.early, s.late, s.zeros].map(percent).join(' | ');
      return `| [${system.title}](#${system.id}) | ${s.roughness.toFixed(3)} | ${percents} | ${inWords(s)} |`;
    }),
    '',
    `The same kernels, bit for bit: ${repeated.join(', ')}.`,
    '',
    `No convolution kernel, so no picture: ${others.join(', ')}.`,
    '',
  ];
  for (const { system, kernel } of convolutions) {
    const { paper } = system.definition;
    const source = system.paper ?? paper;
    lines.push(`## ${system.id}`, '', `${system.title}. ${source.title}, arXiv ${source.arxiv}.`, '');
    lines.push(`![The taps of ${system.title} at initialisation](kernels/${system.id}.svg)`, '');
    files.set(join(pictureFolder, `${system.id}.svg`), drawKernel(system.title, kernel.channels));
  }
  files.set(pageFile, lines.join('\n'));
  return files;
}

/** In the order of the papers; of one year, the plain form (of the shorter name) first. */
const byPaper = (a: LoadedSystem, b: LoadedSystem): number =>
  (a.paper ?? a.definition.paper).year - (b.paper ?? b.definition.paper).year || a.title.length - b.title.length;

const sameTaps = (a: StartingKernel, b: StartingKernel): boolean =>
  a.channels.length === b.channels.length &&
  a.channels.every((k, h) => k.length === b.channels[h].length && k.every((x, t) => x === b.channels[h][t]));

const percent = (x: number): string => `${(100 * x).toFixed(x > 0 && x < 0.001 ? 3 : 1)} %`;

function inWords({ roughness, early, late }: KernelStatistics): string {
  const texture = roughness > 0.5 ? 'rough' : roughness > 0.05 ? 'uneven' : 'smooth';
  const decay = early > 0.5 ? 'decaying fast' : late < 0.25 ? 'decaying' : 'not decaying';
  return `${texture}, ${decay}`;
}

if (import.meta.main) {
  const files = await kernelPage();
  mkdirSync(pictureFolder, { recursive: true });
  for (const file of readdirSync(pictureFolder))
    if (!files.has(join(pictureFolder, file))) rmSync(join(pictureFolder, file));
  for (const [path, text] of files) writeFileSync(path, text);
  process.stderr.write(`${files.size - 1} pictures in models/kernels, and models/KERNELS.md\n`);
}
