import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrainingResults } from '../claim-results.ts';
import scifar from '../claims/longconv-scifar.ts';
import { type MadeUp, madeUp } from '../evidence.fixture.ts';
import { remaining, seedList, trainingCommands } from './rerun.ts';

const run = (model: string, seed: number, argv: string[] = [], change: Partial<MadeUp> = {}, id = 'd') => {
  const made = madeUp(scifar, { task: 'scifar', model, seed, value: 0.5, ...change });
  return { ...made, argv: ['run', 'longconv-scifar', ...argv], data: { ...made.data, id } };
};
const commands = (runs: ReturnType<typeof run>[]) =>
  trainingCommands({ kind: 'training', claim: scifar, runs, summaries: [], compared: [] } as TrainingResults);

test('what was asked for besides stays, what says which run or changes nothing goes', () => {
  const argv = [
    'longconv-scifar',
    '--scale=desk',
    '--seeds',
    '0..2',
    '--json',
    '--out',
    'a b',
    '--steps',
    '10',
    '--fresh',
  ];
  assert.deepEqual(remaining(argv, 'longconv-scifar'), ['--steps', '10']);
  assert.deepEqual(remaining(['run', 'x', '--budget', '2h', '--data', 'my files'], 'x'), ['--data', 'my files']);
});

test('seeds are written as they are asked for', () => {
  assert.deepEqual([[3], [1, 0], [2, 0, 1], [0, 2, 4]].map(seedList), ['3', '0,1', '0..2', '0,2,4']);
});

test('runs that were asked for alike are one command, whoever asked for them and in whatever order', () => {
  assert.deepEqual(commands([run('s4', 1), run('long-conv', 1), run('long-conv', 0), run('s4', 0)]), [
    'repro longconv-scifar --scale desk --task scifar --models long-conv,s4 --seeds 0,1 --data offline --fresh',
  ]);
  assert.deepEqual(commands([run('long-conv', 0), run('s4', 2), run('s4', 0, ['--steps', '9'])]), [
    'repro longconv-scifar --scale desk --task scifar --models long-conv --seed 0 --data offline --fresh',
    'repro longconv-scifar --scale desk --task scifar --models s4 --seed 2 --data offline --fresh',
    'repro longconv-scifar --scale desk --task scifar --models s4 --seed 0 --steps 9 --data offline --fresh',
  ]);
});

test('the data are named: the stand-in by its name, a folder as it was typed, the published ones not', () => {
  const data = (...runs: ReturnType<typeof run>[]) => commands(runs)[0].replace(/.*--seed 0/, '');
  assert.equal(data(run('s4', 0, [], { kind: 'stand-in:pictures' }, 'img-emoji9')), ' --data img-emoji9 --fresh');
  assert.equal(data(run('s4', 0, ['--data', "it's mine"])), " --data 'it'\\''s mine' --fresh");
  assert.equal(data(run('s4', 0, [], { kind: 'real' })), ' --fresh');
});
