import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { holds } from '../comparison.ts';
import { loadDefinition } from '../definition.ts';
import measured from '../fixtures/synthetics-statistics.json' with { type: 'json' };
import { openInductionHeads } from './induction-heads.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-language-'));
});
after(() => rmSync(folder, { recursive: true }));

function fileOf(lines: unknown[], name = 'examples.jsonl'): string {
  const path = join(folder, name);
  const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}
const verify = async (id: string, from?: string) => await (await loadDefinition(id)).verify({ from });

test('the published examples of several settings in one file', async () => {
  const { assoc_vs20_len40, assoc_vs10_len20, assoc_vs20_len40_allow_dot } = measured;
  const path = fileOf([
    ...assoc_vs20_len40.examples,
    ...assoc_vs10_len20.examples.map((tokens) => ({ tokens, vocabulary: 10 })),
    ...assoc_vs20_len40_allow_dot.examples.map((tokens) => ({ tokens, allowDot: true })),
  ]);
  const { rows, complaints, what } = await verify('associative-recall', path);
  assert.deepEqual(complaints, []);
  assert.equal(what, `60 examples of ${path}`);
  assert.equal(rows.length, 10);
  assert.ok(rows.every(holds));
});

test('many examples are held to their statistics as well', async () => {
  const data = openInductionHeads({ seed: 8 });
  const lines = Array.from({ length: 600 }, (_, i) => data.language.vocabulary.decode(data.example('train', i)));
  const { rows } = await verify('induction-heads', fileOf(lines, 'many.jsonl.gz'));
  assert.ok(rows.some((row) => row.quantity === 'positions of the trigger'));
  for (const row of rows) assert.ok(holds(row), row.quantity);
  // The same trigger in all of them.
  const forged = lines.map((line) => {
    const ordinary = line.split(' ').filter((token) => token !== '=>');
    return ['0', '1', '=>', ...ordinary.slice(0, 27), '=>', ordinary[0]].join(' ');
  });
  const found = await verify('induction-heads', fileOf(forged, 'forged.jsonl'));
  assert.deepEqual(
    found.rows.filter((row) => !holds(row)).map((row) => row.quantity),
    ['position of the trigger', 'positions of the trigger', 'positions of the trigger, measured'],
  );
});

test('what is wrong is named with its line', async () => {
  const path = fileOf(['0 17 => 0 17', '0 17 => 0 2', '0 17 => 0 18', { tokens: '0 17 => 0 17', vocabulary: 2 }]);
  const { rows, complaints } = await verify('associative-recall', path);
  assert.deepEqual(
    complaints.map((complaint) => complaint.replace(path, 'it')),
    [
      'it, line 3: "18" is not in the vocabulary of 20 tokens',
      'it, line 4: a synthetic language has a vocabulary of 4 to 256 tokens, not 2',
      'it, line 2: the answer is 17, not 2',
    ],
  );
  assert.deepEqual(
    rows.map(({ here }) => here),
    [2, 1, 1, 0],
  );
  await assert.rejects(verify('majority', fileOf([{ text: '1' }])), /line 1 has no "tokens" that is a string/);
  await assert.rejects(
    verify('counting', fileOf([{ tokens: '1', length: 3 }])),
    /line 1 has "length"; settings are voc/,
  );
  await assert.rejects(verify('arithmetic', fileOf([])), /there are no examples in it/);
});

test('sums of another number of digits', async () => {
  const good = { tokens: '9 + 9 1 8', digits: 1 };
  const { rows, complaints } = await verify('arithmetic', fileOf([good, { ...good, tokens: '9 + 9 1 9' }]));
  assert.equal(rows.find((row) => row.quantity === 'examples that break the definition')?.here, 1);
  assert.match(complaints[0], /line 2: the sum is 1 8, not 1 9/);
});

test('every language of tokens agrees with its own definition, by the command that users have', async () => {
  for (const id of ['associative-recall', 'induction-heads', 'majority', 'counting', 'arithmetic']) {
    const { rows, complaints } = await verify(id);
    assert.deepEqual(complaints, []);
    for (const row of rows) assert.ok(holds(row), `${id}, ${row.quantity}: ${row.here} beside ${row.reference}`);
    const published = rows.filter((row) => row.quantity.endsWith('measured')).length;
    assert.equal(published, { 'associative-recall': 15, 'induction-heads': 2 }[id] ?? 0);
  }
});
