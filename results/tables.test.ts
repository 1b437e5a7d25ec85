import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type Column,
  render,
  renderCsv,
  renderMarkdown,
  renderTable,
  show,
  showBytes,
  showInterval,
} from './tables.ts';

const columns: Column[] = [
  { key: 'model', title: 'Model' },
  { key: 'ms', title: 'ms', align: 'right' },
];
const rows = [
  { model: 'a|b', ms: 1.23456789, ok: true, note: null },
  { model: 'say "hi", twice', ms: 0.1, ok: false, note: 'x\ny' },
];

test('numbers keep three significant digits and never show an exponent in the common range', () => {
  assert.deepEqual(
    [1.23456, 0.0123456, 123.456, 1234.56, 7, 0].map((x) => show(x)),
    ['1.23', '0.0123', '123', '1235', '7', '0'],
  );
  assert.equal(show(1.5e-7), '1.50e-7');
  assert.equal(show(null), '-');
  assert.equal(show(Number.NaN), '-');
});

test('bytes and intervals', () => {
  assert.equal(showBytes(1536), '1.50 KiB');
  assert.equal(showBytes(12), '12 B');
  assert.equal(showInterval(2, 1.5, 2.5, 'x'), '2x [1.50, 2.50]');
  assert.equal(showInterval(2, null, null, 'x'), '2x');
  assert.equal(showInterval(2, 1e-10, 4e10, 'x'), '2x [too noisy]');
  assert.equal(showInterval(null, null, null), '-');
});

test('CSV has every field at full precision, quotes what needs it and spells booleans', () => {
  assert.equal(renderCsv(rows), 'model,ms,ok,note\na|b,1.23456789,true,\n"say ""hi"", twice",0.1,false,"x\ny"\n');
});

test('Markdown escapes bars and aligns numbers', () => {
  assert.equal(
    renderMarkdown(rows, columns),
    '| Model | ms |\n| --- | ---: |\n| a\\|b | 1.23 |\n| say "hi", twice | 0.100 |',
  );
});

test('a table has no escape codes unless colour is asked for', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for escape codes
  const codes = /\x1b\[/;
  assert.doesNotMatch(renderTable(rows, columns), codes);
  assert.match(renderTable(rows, columns), /a\|b/);
});

test('JSON and JSON Lines parse back to the rows', () => {
  assert.deepEqual(JSON.parse(render(rows, columns, 'json')), rows);
  assert.deepEqual(
    render(rows, columns, 'jsonl')
      .split('\n')
      .map((l) => JSON.parse(l)),
    rows,
  );
});
