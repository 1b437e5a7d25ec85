import assert from 'node:assert/strict';
import test from 'node:test';
import { type Course, drawCurves } from './curves.ts';

const course = (name: string, values: readonly number[]): Course => ({
  name,
  loss: values.map((value, i) => ({ step: i + 1, value })),
  validation: [{ step: values.length, value: 50 }],
});
const options = { title: 'A <b> & c', metric: 'accuracy, %', level: { loss: 2.3, value: 10 } };

test('curves are drawn with their level, and single points are seen', () => {
  const svg = drawCurves([course('one', [3, 2, 1]), course('two', [3, 1, 0.5])], options);
  assert.equal(svg.match(/stroke-dasharray/g)?.length, 2);
  assert.equal(svg.match(/<circle/g)?.length, 8);
  assert.match(svg, /A &lt;b> &amp; c/);
  assert.match(svg, /fill="#d9730d">two</);
  assert.equal(svg, drawCurves([course('one', [3, 2, 1]), course('two', [3, 1, 0.5])], options));
});

test('many steps are put together; a fall by more than twenty is read off a logarithmic axis', () => {
  const long = drawCurves(
    [
      course(
        '',
        Array.from({ length: 10_000 }, (_, i) => 5 * Math.exp(-i / 2000)),
      ),
    ],
    options,
  );
  assert.ok(long.length < 12_000, `${long.length}`);
  assert.match(long, />0\.1</);
  assert.match(long, />1</);
});

test('nothing, one step, and equal values give a picture without a number that is none', () => {
  for (const values of [[], [1], [0, 0, 0], [-1, 1], [1e-12, 1e12]])
    assert.doesNotMatch(drawCurves([course('', values)], options), /NaN|Infinity|undefined/);
  assert.doesNotMatch(drawCurves([], { title: '', metric: 'MAE' }), /NaN|Infinity|undefined/);
});
