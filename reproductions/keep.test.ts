import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { readCurves } from '../results/curves.ts';
import { appendEvidence, readEvidence } from '../results/evidence.ts';
import { readMeasurements } from '../results/measurement.ts';
import { configHash } from '../results/record.ts';
import { appendRecord } from '../results/store.ts';
import { readTrials, type Trial, trialHash } from '../results/trials.ts';
import { loadClaim } from './claim.ts';
import h3 from './claims/h3-synthetics.ts';
import { keep } from './keep.ts';
import { curveFindings, folderOf } from './kept-curves.ts';
import { finished, leave, leaveJournal, leaveMeasurement } from './kept-evidence.fixture.ts';
import type { MeasurementClaim } from './measure/measurement.ts';

const before = { LONGCONV_RESULTS: process.env.LONGCONV_RESULTS, LONGCONV_COMMITTED: process.env.LONGCONV_COMMITTED };
const made: string[] = [];
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'longconv-keep-'));
  made.push(root);
  process.env.LONGCONV_RESULTS = join(root, 'runs');
  process.env.LONGCONV_COMMITTED = root;
});
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
  for (const [name, value] of Object.entries(before))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
});

const recall = { task: 'recall-v10', model: 'h3', value: 0.9 };
const file = () => join(root, 'results', 'evidence', 'h3-synthetics.jsonl');

test('finished runs are taken once, with small curves, and smoke runs are not', async () => {
  for (const seed of [0, 1]) leave(finished(h3, { ...recall, seed }));
  leave(finished(h3, { ...recall, scale: 'smoke' }));
  const [first] = keep([h3]);
  assert.deepEqual([first.runs, first.curves, first.refused], [2, 2, []]);
  const text = readFileSync(file(), 'utf8');
  assert.equal(text.trim().split('\n').length, 2);
  const [again] = keep([h3]);
  assert.deepEqual([again.runs, again.curves, again.refused], [0, 0, []]);
  assert.equal(readFileSync(file(), 'utf8'), text);
  // What is in both folders is one run.
  assert.equal(readEvidence('h3-synthetics').length, 3);
  assert.deepEqual(
    readEvidence('h3-synthetics', 'committed').map(({ seed }) => seed),
    [0, 1],
  );
  assert.ok(!existsSync(join(root, 'results', 'evidence', 'lock')));
});

test('a curve has at most sixty means of the training loss and every validation', async () => {
  const record = finished(h3, recall);
  leave(record);
  keep([h3]);
  const curve = readCurves('h3-synthetics').get(record.id);
  assert.ok(curve);
  assert.ok(curve.training.length > 50 && curve.training.length <= 60);
  assert.equal(curve.training.at(-1)?.[0], record.steps);
  // Falls from 3 to 1 on a straight line: the mean of all means is 2.
  const mean = curve.training.reduce((sum, [, loss]) => sum + loss, 0) / curve.training.length;
  assert.ok(Math.abs(mean - 2) < 0.01, `${mean}`);
  assert.equal(curve.validation.length, 10);
  assert.deepEqual(curve.validation.at(-1), [record.steps, record.validation.loss, record.validation.value]);
  assert.deepEqual([curve.kernel?.mixer, curve.kernel?.length, curve.kernel?.taps.length], ['h3', 300, 128]);
  assert.deepEqual(curveFindings(record, curve), []);
  assert.deepEqual(curveFindings(record, undefined), []);
  const forgedCurve = { ...curve, validation: curve.validation.slice(0, -1) };
  assert.match(curveFindings(record, forgedCurve)[0].sentence, /is best on validation at step \d+ with .* not at step/);
  const short = { ...curve, training: curve.training.slice(0, -1) };
  assert.match(curveFindings(record, short)[0].sentence, /ends at step \d+, and the run at step/);
});

test('a record that does not hold is refused by name, one with uncommitted changes too, and nothing is written', async () => {
  const good = finished(h3, recall);
  const tampered = { ...good, id: 'tampered', test: { ...good.test, value: 0.90001 } };
  appendEvidence(tampered);
  const changed = { ...finished(h3, { ...recall, seed: 3 }), git: { commit: 'abc', dirty: true } };
  appendEvidence(changed);
  const other = finished(h3, { ...recall, seed: 4 });
  const config = { ...other.config, plan: { ...(other.config.plan as object), lr: 0.3 } };
  appendEvidence({ ...other, config, config_hash: configHash(config) });
  const [{ runs, refused }] = keep([h3]);
  assert.equal(runs, 0);
  assert.deepEqual(
    refused.map(({ name, wrong }) => [name, wrong]),
    [
      ['h3-synthetics recall-v10 h3 desk seed 0', true],
      ['h3-synthetics recall-v10 h3 desk seed 3', false],
      ['h3-synthetics recall-v10 h3 desk seed 4', true],
    ],
  );
  assert.match(refused[0].reason, /0\.90001 is not a share of 1000 predictions/);
  assert.match(refused[1].reason, /changes that no commit holds/);
  assert.match(refused[2].reason, /lr is 0\.3/);
  assert.ok(!existsSync(file()));
});

test('a run whose journal is gone is kept without a curve, which is made when the journal is back', async () => {
  const record = finished(h3, recall);
  appendEvidence(record);
  const [{ runs, curves }] = keep([h3]);
  assert.deepEqual([runs, curves], [1, 0]);
  assert.equal(readCurves('h3-synthetics').size, 0);
  leaveJournal(record);
  const [again] = keep([h3]);
  assert.deepEqual([again.runs, again.curves], [0, 1]);
  assert.ok(existsSync(folderOf(record)));
});

test('measurements are kept; one that was changed afterwards is not', async () => {
  const gss = (await loadClaim('gss-speed')) as MeasurementClaim;
  const record = leaveMeasurement(gss);
  appendRecord(join(root, 'runs', 'evidence', 'gss-speed.jsonl'), { ...record, id: 'other', observations_hash: 'x' });
  const [{ measurements, refused }] = keep([gss]);
  assert.equal(measurements, 1);
  assert.match(refused[0].reason, /hash of its observations does not match/);
  assert.equal(readMeasurements('gss-speed', 'committed').length, 1);
  assert.equal(readMeasurements('gss-speed').length, 2);
});

function trial(model: string, rate: number): Trial {
  const plan = { ...h3.plan(model, 'recall-v10', 'desk'), lr: rate, seed: 0 };
  const config = { claim: h3.id, task: 'recall-v10', model, scale: 'desk', plan } as unknown as Trial['config'];
  const content: Omit<Trial, 'sha256'> = {
    ...{ schema: 'longconv-trial-1', id: `${model}-${rate}`, time: '2026-01-02T03:04:05.000Z', claim: h3.id },
    ...{ task: 'recall-v10', model, scale: 'desk', seed: 0, rate, setting: 'layers-start' },
    ...{ git: { commit: 'abc', dirty: false }, version: '0', argv: [] },
    runtime: { name: 'bun', version: '1', os: 'o', arch: 'a' },
    host: { name: 'h', cpu: 'c', cores: 1, memory_bytes: 1, load: [0] },
    ...{ config: JSON.parse(JSON.stringify(config)), config_hash: '' },
    data: { id: 'd', kind: 'generated-equivalent', checksum: 'c' },
    ...{ metric: 'accuracy', chosen_on: 'validation', steps: plan.steps, best_step: 300 },
    ...{ validation: { loss: 1, value: 0.5 }, diverged: null, seconds: 1 },
  };
  content.config_hash = configHash(content.config);
  return { ...content, sha256: trialHash(content) };
}

test('a search is kept when every model was tried alike, not before', () => {
  const own = join(root, 'runs', 'evidence', 'searches', 'h3-synthetics.jsonl');
  for (const rate of [0.001, 0.002]) appendRecord(own, trial('h3', rate));
  appendRecord(own, trial('gss', 0.001));
  const [first] = keep([h3]);
  assert.equal(first.trials, 0);
  assert.match(first.refused[0].reason, /not the same budget; its 3 new trials wait for the rest/);
  appendRecord(own, trial('gss', 0.002));
  const [second] = keep([h3]);
  assert.deepEqual([second.trials, second.refused], [4, []]);
  assert.equal(readTrials('h3-synthetics', 'committed').length, 4);
  assert.equal(keep([h3])[0].trials, 0);
});
