/** Runs that count for two claims, and runs of another configuration than the claim's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evidence } from '../results/evidence.ts';
import type { TrainingClaim } from './claim.ts';
import longConv from './claims/longconv-lra.ts';
import sgconv from './claims/sgconv-lra.ts';
import { departures } from './configured.ts';
import { madeUp } from './evidence.fixture.ts';
import { evidenceOf } from './evidence-of.ts';
import { summaries } from './results.ts';
import { findings } from './verify.ts';

const [here, there] = [sgconv as TrainingClaim, longConv as TrainingClaim];
const reader = (records: Record<string, Evidence[]>) => (claim: string) => [...(records[claim] ?? [])];

test('a run of the other claim counts here too, once, under the plan that is this claim’s as well', () => {
  const theirs = [0, 1].map((seed) => madeUp(there, { task: 'image', model: 's4', seed, value: 0.5 }));
  const own = madeUp(here, { task: 'image', model: 's4', seed: 0, value: 0.5 });
  const all = evidenceOf(here, reader({ 'sgconv-lra': [own], 'longconv-lra': theirs }));
  assert.deepEqual(
    all.map(({ claim, seed }) => [claim, seed]),
    [
      ['sgconv-lra', 0],
      ['longconv-lra', 1],
    ],
  );
  const other = madeUp(there, { task: 'image', model: 's4', value: 0.5, plan: { lr: 0.5 } });
  assert.deepEqual(evidenceOf(here, reader({ 'longconv-lra': [other] })), []);
});

test('where a share names a dataset, runs on other data do not count here', () => {
  const share = { claim: there.id, tasks: { image: 'image' }, models: ['s4'] };
  const run = madeUp(there, { task: 'image', model: 's4', value: 0.5 });
  const counted = (data: string) =>
    evidenceOf({ ...here, shares: [{ ...share, data }] }, reader({ [there.id]: [run] })).length;
  assert.deepEqual([counted(run.data.id), counted('another')], [1, 0]);
});

test('departures name what differs, and not what the data decide', () => {
  const run = (plan: object) => madeUp(here, { task: 'listops', model: 'sgconv', value: 0.5, plan });
  assert.deepEqual(departures(here, run({})), []);
  const planned = here.plan('sgconv', 'listops', 'desk');
  assert.deepEqual(departures(here, run({ network: { ...planned.network, classes: 7, length: 4096 } })), []);
  assert.deepEqual(departures(here, run({ steps: 10 })), [`steps is 10, not ${planned.steps}`]);
  assert.match(departures(here, run({ network: { ...planned.network, width: 1 } }))[0], /^network\.width is 1, not /);
  const parts = departures(here, run({ accumulation: 2 }));
  assert.equal(parts.length, planned.network.norm === 'batch' ? 1 : 0);
});

test('a run of another configuration is a row of its own, says nothing about the paper, and is no committed evidence', () => {
  const run = (plan: object, seed = 0) =>
    madeUp(here, { task: 'listops', model: 'sgconv', seed, value: 0.61, scale: 'paper', plan });
  const { steps } = here.plan('sgconv', 'listops', 'paper');
  const [whole, short] = summaries(here, [run({}), run({}, 1), run({ steps: steps - 1 })]);
  assert.equal(whole.verdict.kind, 'reproduced');
  assert.equal(short.verdict.kind, 'partial scale');
  const kinds = (committed: boolean) =>
    findings(here, run({ steps: steps - 1 }), committed)
      .filter(({ sentence }) => sentence.startsWith('not the configuration'))
      .map(({ kind }) => kind);
  assert.deepEqual([kinds(false), kinds(true)], [['noted'], ['wrong']]);
});

test('of two runs of a seed the later one counts', () => {
  const run = (value: number) => madeUp(here, { task: 'listops', model: 'sgconv', value });
  const [{ values, seeds }] = summaries(here, [run(0.3), run(0.4)]);
  assert.deepEqual([values, seeds], [[40], [0]]);
});
