import assert from 'node:assert/strict';
import test from 'node:test';
import { fit, wrap } from './fit-table.ts';
import { renderTable } from './tables.ts';

test('text is broken at spaces alone, and its own lines stay', () => {
  assert.equal(wrap('one two three', 7), 'one two\nthree');
  assert.equal(wrap('unbreakable', 4), 'unbreakable');
  assert.equal(wrap('a b\nc d', 10), 'a b\nc d');
  assert.equal(wrap('', 10), '');
  assert.equal(wrap('1.31 [0.186, 9.24] ms', 8), '1.31\n[0.186, 9.24]\nms');
});

const columns = [
  { key: 'id', title: 'Model' },
  { key: 'what', title: 'What it is' },
  { key: 'claims', title: 'Published claims' },
];
const rows = [
  { id: 's4d', what: 'a diagonal state space', claims: 'lra-accuracy speech-commands bidmc' },
  { id: 'sgconv', what: 'a long convolution', claims: 'lra-accuracy' },
];
const widest = (table: string) => Math.max(...table.split('\n').map((line) => line.length));

test('a table is no wider than its terminal, and nothing of it is lost while words fit', () => {
  const natural = widest(renderTable(rows, columns));
  for (let width = 45; width <= natural + 5; width++) {
    const table = renderTable(rows, columns, false, width);
    assert.ok(widest(table) <= width, `${widest(table)} of ${width}`);
    for (const word of ['diagonal', 'convolution', 'speech-commands', 'bidmc', 'Published'])
      assert.ok(table.includes(word));
  }
  assert.equal(renderTable(rows, columns, false, natural), renderTable(rows, columns));
});

test('columns that cannot fit are named, never lost in silence', () => {
  const table = renderTable(rows, columns, false, 30);
  assert.match(table, /not shown in 30 columns: Published claims/);
  assert.doesNotMatch(table, /speech-commands/);
  assert.equal(fit([['one'], ['unbreakable']], 3).shown, 1);
});

test('an interval is not broken', () => {
  assert.match(
    renderTable([{ ms: '1.31 [0.186, 9.24]' }], [{ key: 'ms', title: 'ms' }], false, 18),
    /\[0\.186, 9\.24\] │/,
  );
});

test('a column has its own largest width', () => {
  const { cells } = fit([['Names'], ['aa bb cc dd']], Number.POSITIVE_INFINITY, [5]);
  assert.deepEqual(cells, [['Names'], ['aa bb\ncc dd']]);
});
