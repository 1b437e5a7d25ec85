import assert from 'node:assert/strict';
import test from 'node:test';
import { panelOf } from './curves.ts';
import { drawGrid } from './grid.ts';

const curve = (n: number) => Array.from({ length: n }, (_, i) => ({ step: i + 1, value: 1 + i / n }));

test('panels stand in two columns, and runs of one name have one colour', () => {
  const panels = ['one', 'two & <3>', 'three'].map((name) =>
    panelOf(name, [curve(5), curve(6), curve(7)], 1, { hues: [0, 0, 1] }),
  );
  const svg = drawGrid('A title', panels, ['first', 'second']);
  assert.equal(svg.match(/<g transform="translate\(34,\d+\)">/g)?.length, 3);
  assert.equal(svg.match(/<path d="M[^"]+" fill="none" stroke="#0b6e99"/g)?.length, 6);
  assert.equal(svg.match(/<path d="M[^"]+" fill="none" stroke="#d9730d"/g)?.length, 3);
  assert.ok(svg.includes('>two &amp; &lt;3></text>'));
  assert.match(svg, /fill="#d9730d">second</);
  assert.equal(svg, drawGrid('A title', panels, ['first', 'second']));
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});

test('a long legend takes more lines, within the picture', () => {
  const names = Array.from({ length: 12 }, (_, i) => `a model with a rather long name ${i}`);
  const svg = drawGrid('t', [panelOf('p', [curve(3)], undefined)], names);
  const places = [...svg.matchAll(/<text x="(\d+)" y="(\d+)" fill="#[0-9a-f]{6}">a model/g)].map(([, x, y]) => [x, y]);
  assert.equal(new Set(places.map(String)).size, 12);
  assert.ok(places.every(([x]) => Number(x) < 430));
  assert.equal(new Set(svg.match(/fill="#[0-9a-f]{6}">a model/g)).size, 12);
});
