/** Claims that are measured: what they refer to exists, how rows are judged, and evidence that can be read again. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import {
  appendMeasurement,
  type MeasuredRow,
  type MeasurementEvidence,
  type Observation,
  observationsHash,
  readMeasurements,
} from '../../results/measurement.ts';
import { packageRoot, provenance } from '../../results/provenance.ts';
import { findRow } from '../../results/published/published.ts';
import { configHash, newId } from '../../results/record.ts';
import { claimIds, loadClaim, scales } from '../claim.ts';
import gss from '../claims/gss-speed.ts';
import memory from '../claims/sgconv-memory-1m.ts';
import type { MeasurementClaim } from './measurement.ts';
import { crossing, meanOf, speedups } from './ratios.ts';
import { latest, listRows, summariesOf } from './results.ts';
import type { SuiteObservation } from './suite.ts';
import { measuredVerdict, publishedCell, showPublished, showValue } from './verdict.ts';
import { measurementFindings } from './verify.ts';

const measured = (await Promise.all(claimIds().map(loadClaim))).filter((c) => c.kind === 'measurement');
const speed = gss as MeasurementClaim;

let folder = '';
const kept = { LONGCONV_RESULTS: process.env.LONGCONV_RESULTS, LONGCONV_COMMITTED: process.env.LONGCONV_COMMITTED };
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-measure-'));
  process.env.LONGCONV_RESULTS = folder;
  process.env.LONGCONV_COMMITTED = folder;
});
after(() => {
  for (const [name, value] of Object.entries(kept))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  rmSync(folder, { recursive: true });
});

test('every published cell, system and suite that a claim names exists', () => {
  assert.ok(measured.length >= 9, `${measured.length} claims`);
  for (const claim of measured) {
    const cases = Object.values(claim.cases).filter((c) => Object.keys(c.targets ?? {}).length);
    assert.ok(cases.length > 0, `${claim.id} judges nothing`);
    assert.ok(claim.criterion.length > 40 && !claim.criterion.endsWith('.'), claim.id);
    for (const { judged, targets = {}, title } of cases)
      for (const [system, target] of Object.entries(targets)) {
        assert.ok(system in claim.systems, `${claim.id}: ${title} is of ${system}`);
        const { value } = findRow(claim.published, target.model, target.task);
        if (judged === 'ratio') assert.ok(target.inWords ? value === null : value !== null && value !== 1, title);
        else assert.ok(value !== null, `${claim.id}: ${title}`);
      }
    for (const scale of scales) {
      assert.ok(claim.cost[scale].length > 2);
      assert.ok(claim.runs[scale].length > 0 || claim.measure, `${claim.id} measures nothing at ${scale} scale`);
      for (const run of claim.runs[scale])
        assert.ok(existsSync(join(packageRoot, 'bench', 'suites', `${run.split(' ')[0]}.ts`)), run);
    }
  }
});

const row = (change: Partial<MeasuredRow>): MeasuredRow => ({
  ...{ case: 'mean', system: 'gss', length: null, value: 2, low: 1.8, high: 2.2, unit: 'x', details: {} },
  ...change,
});

test('a time of this machine shares the direction of a published one, or not, or leaves it open', () => {
  const kind = (change: Partial<MeasuredRow>, scale: 'smoke' | 'desk' = 'desk') =>
    measuredVerdict(speed, row(change), scale, 'a processor');
  assert.equal(kind({}).kind, 'measured here: same direction');
  assert.match(
    kind({}).sentence,
    /^2x \[1\.80, 2\.20\] against ~2x \(second hand\); the published number itself is not confirmed; measured on a processor, published of TPU$/,
  );
  assert.equal(kind({ value: 1, low: 0.9, high: 1.1 }).kind, 'measured here: unclear');
  assert.equal(kind({ value: 0.5, low: 0.4, high: 0.6 }).kind, 'measured here: other direction');
  assert.equal(kind({}, 'smoke').kind, 'partial scale');
  assert.match(kind({}, 'smoke').sentence, /says nothing about a speed/);
  assert.equal(kind({ case: 'step', length: 1024 }).kind, 'measured here');
});

test('what no device decides is reproduced or contradicted; memory is within what is published or not', () => {
  const of = (change: Partial<MeasuredRow>, scale: 'smoke' | 'desk' = 'desk') =>
    measuredVerdict(memory, row({ system: 'sgconv', length: 1e6, low: null, high: null, ...change }), scale, 'here')
      .kind;
  assert.equal(of({ case: 'before', value: 1048576, unit: 'taps' }, 'smoke'), 'reproduced');
  assert.equal(of({ case: 'before', value: 1048575, unit: 'taps' }), 'contradicted');
  assert.equal(of({ case: 'norm', value: 219000, low: 217000, high: 221000, unit: 'none' }), 'reproduced');
  assert.equal(of({ case: 'norm', value: 210000, low: 208000, high: 212000, unit: 'none' }), 'contradicted');
  assert.equal(of({ case: 'after', value: 7.2e9, unit: 'bytes' }), 'measured here: same direction');
  assert.equal(of({ case: 'after', value: 8.3e9, unit: 'bytes' }), 'measured here: other direction');
  assert.equal(of({ case: 'after', value: 7.2e9, unit: 'bytes' }, 'smoke'), 'partial scale');
  // The published number is of a million steps alone.
  assert.equal(of({ case: 'after', value: 1e6, unit: 'bytes', length: 20000 }), 'measured here');
});

test('less memory than the input and the output need is impossible', () => {
  const bytes = (id: string, value: number) => row({ case: id, system: 'sgconv', value, unit: 'bytes' });
  const all = (after: number, peak: number) => [
    bytes('floor', 2e9),
    ...['forward-peak', 'inference-peak', 'resident'].map((id) => bytes(id, 5e9)),
    bytes('after', after),
    bytes('training-peak', peak),
  ];
  assert.deepEqual(memory.impossible?.(all(7e9, 9e9)), []);
  assert.match(
    memory.impossible?.(all(1e9, 9e9)).join() ?? '',
    /after the forward pass.*: less than the input and the output/,
  );
  assert.match(memory.impossible?.(all(7e9, 6e9)).join() ?? '', /peak of all is below/);
});

test('cells say where the published number comes from and in which unit', () => {
  assert.equal(showPublished(publishedCell(speed, row({}))), '~2x (second hand)');
  assert.equal(showPublished(null), '-');
  assert.equal(showValue(row({ value: 7176123456, low: null, high: null, unit: 'bytes' })), '7.176 GB');
  assert.equal(showValue(row({ value: 262144, low: null, high: null, unit: 'parameters' })), '262144 parameters');
  assert.equal(showValue(row({ value: 12.34, low: 12, high: 13, unit: 'ms' })), '12.3 [12, 13] ms');
});

/** A record of `lra-speed` as it is kept: times of a candidate in three rounds. */
const seen = (model: string, length: number, ms: number[], more: Partial<SuiteObservation> = {}): Observation =>
  JSON.parse(
    JSON.stringify({
      suite: 'lra-speed',
      record: `${model}-${length}`,
      sha256: 'x',
      time: `2026-01-01T00:00:0${Math.log2(length) % 10}Z`,
      config_hash: 'h',
      rounds: ms.map((t) => [t]),
      error: { value: 1e-6, tolerance: 1e-4 },
      row: { candidate: model, model, length, roofline: 0.2, peak_bytes: 100 },
      ...more,
    } satisfies SuiteObservation),
  );

const observations = [
  seen('gss', 1024, [10, 11, 10.5]),
  seen('dss', 1024, [20, 22, 21]),
  seen('gss', 2048, [20, 21, 20.5]),
  seen('dss', 2048, [80, 84, 82]),
];

test('ratios pair what was measured in the same rounds; their mean is geometric', () => {
  const all = observations as unknown as SuiteObservation[];
  const ratios = speedups(all, 'gss', 'dss');
  assert.deepEqual(
    ratios.map((r) => [r.length, r.estimate.toFixed(6), r.details.over]),
    [
      [1024, '2.000000', 'dss'],
      [2048, '4.000000', 'dss'],
    ],
  );
  assert.ok(Math.abs((meanOf(ratios)?.estimate ?? 0) - Math.sqrt(8)) < 1e-9);
  assert.equal(meanOf([]), null);
  assert.equal(speedups(all, 'gss', 's4').length, 0);
  // Of another group, though of the same length: not side by side.
  const apart = [all[0], { ...all[1], time: '2026-01-01T01:00:00Z' }];
  assert.equal(speedups(apart, 'gss', 'dss').length, 0);
});

test('a crossover lies on a straight line of logarithms; without one there is none', () => {
  const at = (length: number, estimate: number) => ({ length, estimate, low: null, high: null, details: {}, logs: [] });
  assert.equal(Math.round(crossing([at(4096, 2), at(1024, 0.5)]) ?? 0), 2048);
  assert.equal(crossing([at(1024, 0.5), at(4096, 0.9)]), null);
  assert.equal(crossing([at(1024, 1.5), at(4096, 2)]), null);
});

function evidence(change: Partial<MeasurementEvidence> = {}, all: Observation[] = observations): MeasurementEvidence {
  const config = { claim: 'gss-speed', scale: 'desk', runs: [...speed.runs.desk], device: 'cpu', threads: 2 };
  const origin = provenance(['gss-speed', '--scale', 'desk']);
  return {
    schema: 'longconv-measurement-1',
    id: newId(),
    time: new Date().toISOString(),
    claim: 'gss-speed',
    scale: 'desk',
    ...{ ...origin, host: { ...origin.host, load: [0.1, 0.1, 0.1] } },
    device: { id: 'cpu', name: 'a', vendor: 'b', driver: 'c', features: ['avx2'], software: false, threads: 2 },
    config,
    config_hash: configHash(config),
    observations: all,
    observations_hash: observationsHash(all),
    rows: speed.rows(all, 'desk'),
    seconds: 3,
    ...change,
  };
}

const findings = (e: MeasurementEvidence) => measurementFindings(speed, e).map((f) => `${f.kind}: ${f.sentence}`);

test('evidence goes to its file and comes back the same; the last one of a scale is listed', () => {
  const first = evidence({ time: '2026-01-01T00:00:00.000Z' });
  const second = evidence({ time: '2026-01-02T00:00:00.000Z' });
  const file = appendMeasurement(first);
  appendMeasurement(second);
  assert.equal(file, join(folder, 'evidence', 'gss-speed.jsonl'));
  const read = readMeasurements('gss-speed');
  assert.deepEqual(read, [first, second]);
  assert.deepEqual(latest(read), [second]);
  assert.deepEqual(findings(read[0]), []);
  const [listed] = listRows(speed, read);
  assert.equal(listed.verdict, 'measured here: same direction');
  assert.match(String(listed.desk), /^2\.83x/);
  assert.equal(listed.paper, '-');
  assert.match(summariesOf(speed, second)[0].device, /^cpu \(a\), 2 threads, avx2$/);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"seconds":3', '"seconds":"three"'));
  assert.equal(readMeasurements('gss-speed').length, 1);
  assert.ok(existsSync(`${file}.corrupt`));
});

test('what was changed afterwards, or cannot be, is found', () => {
  const [mean, ...rest] = evidence().rows;
  const better = evidence({ rows: [{ ...mean, value: 2.9 }, ...rest] });
  assert.match(findings(better).join(), /wrong: its rows do not follow from its observations/);
  // Another runtime's logarithm may differ in its last digit.
  assert.deepEqual(findings(evidence({ rows: [{ ...mean, value: mean.value * (1 + 1e-14) }, ...rest] })), []);
  const faster = [seen('gss', 1024, [1, 1.1, 1.05]), ...observations.slice(1)];
  assert.deepEqual(findings(evidence({ observations: faster, rows: speed.rows(faster, 'desk') })), [
    'wrong: the hash of its observations does not match',
  ]);
  const config = { ...evidence().config, runs: ['lra-speed --rounds 1'] };
  assert.match(findings(evidence({ config })).join(), /wrong: the hash of its configuration does not match/);
  assert.match(findings(evidence({ config, config_hash: configHash(config) })).join(), /suspicious: .*other suites/);
  const nonsense = [seen('gss', 1024, [0, 1, 1]), ...observations.slice(1)];
  assert.match(findings(evidence({}, nonsense)).join(), /wrong: lra-speed gss at 1024: a time is not above zero/);
  const wrongResult = [
    seen('gss', 1024, [10, 11, 10], { error: { value: 1, tolerance: 1e-4 } }),
    ...observations.slice(1),
  ];
  assert.match(findings(evidence({}, wrongResult)).join(), /wrong: .*disagreed with the float64 reference/);
  const { host } = evidence();
  assert.match(
    findings(evidence({ host: { ...host, load: [host.cores, 0, 0] } })).join(),
    /suspicious: the machine was busy/,
  );
});

test('what is too good, or faster than the machine can be, is suspicious', () => {
  const wonder = [seen('gss', 1024, [1, 1, 1]), seen('dss', 1024, [20, 20, 20])];
  assert.match(
    findings(evidence({}, wonder)).join(),
    /suspicious: mean of gss: 20\.0x .*more than 5 times the published ~2x/,
  );
  const roof = { row: { candidate: 'gss', model: 'gss', length: 1024, roofline: 1.4 } };
  const impossible = [seen('gss', 1024, [10, 11, 10], roof), ...observations.slice(1)];
  assert.match(findings(evidence({}, impossible)).join(), /suspicious: .*faster than the ceilings/);
});
