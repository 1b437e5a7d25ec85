import assert from 'node:assert/strict';
import test from 'node:test';
import { cac } from 'cac';
import { joinNegatives, typedValues } from './arguments.ts';
import { UsageError } from './errors.ts';

const cli = cac('x');
const command = cli.command('run', '').option('--out <file>', '').option('--rounds <n>', '').option('--json', '');

test('values stay as they were typed', () => {
  const argv = ['run', '--out', '007', '--rounds=1e3', '--json', '--out', 'b'];
  assert.deepEqual(typedValues(argv, command), { out: ['007', 'b'], rounds: '1e3' });
  assert.deepEqual(typedValues(['run', '--', '--out', 'b'], command), {});
  assert.deepEqual(typedValues(['run', '--out', '--json'], command), {});
});

test('an empty value is refused by name', () => {
  for (const argv of [['--out', ''], ['--out='], ['--out', ' ']])
    assert.throws(
      () => typedValues(argv, command),
      (e: Error) => e instanceof UsageError && /^--out is empty: /.test(e.message),
    );
});

test('a negative number is a value, not a flag', () => {
  assert.deepEqual(joinNegatives(['run', '--rounds', '-3', '--json'], command), ['run', '--rounds=-3', '--json']);
});
