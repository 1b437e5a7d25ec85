/** The committed pictures are those of the present code, and their numbers mean what the page says. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import test from 'node:test';
import { Stream } from '../../kernels/tensor/random.ts';
import { statisticsOf } from '../../models/kernel-statistics.ts';
import { drawKernel } from '../../results/charts/kernel.ts';
import { kernelPage, pageFile, pictureFolder } from './page.ts';

const numbers = /-?\d+(\.\d+)?(e-?\d+)?/g;

test('the page and its pictures are up to date', { timeout: 120_000 }, async () => {
  const files = await kernelPage();
  const pictures = [...files.keys()].filter((path) => dirname(path) === pictureFolder).map((path) => basename(path));
  assert.deepEqual(readdirSync(pictureFolder).toSorted(), pictures.toSorted(), 'run npm run pictures');
  for (const [path, text] of files) {
    const kept = readFileSync(path, 'utf8');
    // Mathematical functions may differ in the last bit between engines, which a rounding can make visible.
    const place = path === pageFile ? 1.01e-3 : 0.21;
    assert.equal(kept.replace(numbers, '#'), text.replace(numbers, '#'), `${path}: run npm run pictures`);
    const [a, b] = [kept, text].map((s) => (s.match(numbers) ?? []).map(Number));
    for (const [i, v] of a.entries())
      assert.ok(Math.abs(v - b[i]) <= place * Math.max(1, Math.abs(v) / 100), `${path}: ${v}, now ${b[i]}`);
  }
});

test('roughness tells noise from a curve, the shares tell decay from none', () => {
  const noise = statisticsOf([new Stream(1, 'noise').normals(20_000)]);
  assert.ok(Math.abs(noise.roughness - 1) < 0.05);
  assert.ok(Math.abs(noise.early - 1 / 16) < 0.01 && Math.abs(noise.late - 0.5) < 0.02);
  const decay = Float64Array.from({ length: 4096 }, (_, t) => Math.exp(-t / 64));
  const smooth = statisticsOf([decay, new Float64Array(4096)]);
  assert.ok(smooth.roughness < 0.01 && smooth.early > 0.99 && smooth.late < 1e-9);
  assert.equal(smooth.zeros, 0.5);
  assert.equal(statisticsOf([new Float64Array(8)]).roughness, 0);
});

test('a picture of anything is drawn without a number that is none', () => {
  for (const channels of [[new Float64Array(16)], [Float64Array.of(1, 0, 0, -2)], [Float64Array.of(1e-30, 1)]])
    assert.doesNotMatch(drawKernel('A <b> & c', channels), /NaN|Infinity|undefined|<b>/);
});
