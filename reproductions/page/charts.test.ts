import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Curve } from '../../results/curves.ts';
import { keptKernel } from '../../results/kernels.ts';
import h3 from '../claims/h3-synthetics.ts';
import { madeUp } from '../evidence.fixture.ts';
import { courseChart } from './course-chart.ts';
import type { DrawnRuns } from './drawn-runs.ts';
import { kernelChart } from './kernel-chart.ts';

const models = Object.keys(h3.models).slice(0, 6);
const channels = (rough: boolean) => [
  Float64Array.from({ length: 1024 }, (_, t) => Math.exp(-t / 200) * (rough && t % 2 ? -1 : 1)),
];

/** `tasks` panels of six models with three seeds, each with `evaluations`. */
function many(tasks: number, evaluations: number): DrawnRuns {
  const curve = (id: string, model: number): Curve => ({
    ...{ schema: 'longconv-curve-1', evidence: id, claim: h3.id, training: [[100, 1]] },
    validation: Array.from({ length: evaluations }, (_, i) => [100 * (i + 1), 1, (i + 1) / (evaluations + 1 + model)]),
    kernel: keptKernel(0, 'm', channels(model > 2)),
  });
  const groups = Array.from({ length: tasks }, (_, task) => ({
    name: `task ${task}, desk scale`,
    runs: models.flatMap((model, hue) =>
      [0, 1, 2].map((seed) => {
        const run = { ...madeUp(h3, { task: 'recall-v10', model, seed, value: 0.5 }), task: `task-${task}` };
        return { run, hue, curve: curve(run.id, hue) };
      }),
    ),
  }));
  return { groups, names: models };
}

test('pictures of many runs stay small, and have no number that is none', () => {
  for (const [tasks, evaluations] of [
    [12, 60],
    [5, 40],
    [1, 3],
  ]) {
    const runs = many(tasks, evaluations);
    for (const svg of [courseChart('A claim', runs), kernelChart('A claim', runs) ?? '']) {
      assert.ok(svg.length > 3000 && svg.length < 60_000, `${tasks} tasks: ${svg.length}`);
      assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    }
  }
});

test('points are marked where they are few; the last one is always there', () => {
  assert.equal(courseChart('t', many(1, 3)).match(/<circle/g)?.length, 6 * 3 * 3);
  const thin = courseChart('t', many(12, 60));
  assert.doesNotMatch(thin, /<circle/);
  assert.match(thin, /<path d="M[^"]+L430,[\d.]+" fill="none"/);
});

test('kernels are drawn once for each model, by their sizes together and their taps alone', () => {
  const svg = kernelChart('t', many(1, 3)) ?? '';
  assert.equal(svg.match(/: taps of a channel, the first</g)?.length, models.length);
  assert.equal(svg.match(/root mean square of all channels/g)?.length, 1);
  const none = many(1, 3);
  for (const { runs } of none.groups) for (const { curve } of runs) delete curve.kernel;
  assert.equal(kernelChart('t', none), null);
});

test('a kept kernel has its first taps and its sizes, to a few digits', () => {
  const kernel = keptKernel(2, 'long-conv', channels(true));
  assert.deepEqual([kernel.block, kernel.length, kernel.taps.length], [2, 1024, 128]);
  assert.equal(kernel.taps[1], -Number(Math.exp(-1 / 200).toPrecision(4)));
  assert.equal(kernel.sizes[0][0], 1);
  assert.ok(JSON.stringify(kernel).length < 3000);
});
