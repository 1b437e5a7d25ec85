/** One measurement of a claim: its suites one after the other, what it measures by itself, and the evidence it leaves. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDevice } from '../../kernels/device/registry.ts';
import {
  appendMeasurement,
  type MeasurementEvidence,
  type Observation,
  observationsHash,
} from '../../results/measurement.ts';
import { provenance, runsFolder } from '../../results/provenance.ts';
import { configHash, newId } from '../../results/record.ts';
import { writeAtomically } from '../data/cache.ts';
import { lock } from '../lock.ts';
import type { MeasureContext, MeasurementClaim } from './measurement.ts';
import { runSuite } from './suite.ts';

/** What `repro status` reads of a measurement. */
export interface MeasurementState {
  claim: string;
  started: string;
  /** What is done of what. */
  parts: number;
  done: number;
  finished: boolean;
}

export const stateFile = 'measurement.json';

export interface MeasureOptions extends Pick<MeasureContext, 'device' | 'scale' | 'signal' | 'say'> {
  argv: readonly string[];
}

export async function measureClaim(claim: MeasurementClaim, options: MeasureOptions): Promise<MeasurementEvidence> {
  const { scale } = options;
  const begun = performance.now();
  const started = new Date().toISOString();
  const stamp = `${started.replace(/[-:]/g, '').replace(/\..*/, 'Z')}-${process.pid}`;
  const folder = join(runsFolder(), 'repro', claim.id, scale, `measurement-${stamp}`);
  mkdirSync(folder, { recursive: true });
  const unlock = lock(folder);
  try {
    // The load of the machine is that before the measurement, not its own.
    const origin = provenance(options.argv);
    const runs = claim.runs[scale];
    const parts = runs.length + (claim.measure ? 1 : 0);
    const state = (done: number, finished = false) => {
      const text = JSON.stringify({ claim: claim.id, started, parts, done, finished } satisfies MeasurementState);
      writeAtomically(join(folder, stateFile), [new TextEncoder().encode(`${text}\n`)]);
    };
    state(0);
    const context: MeasureContext = { ...options, folder };
    const observations: Observation[] = [];
    let device: MeasurementEvidence['device'] | null = null;
    for (const [i, run] of runs.entries()) {
      const result = await runSuite(run, i, context);
      observations.push(...result.observations);
      const { id, name, vendor, driver, features, software } = result.device;
      device = { id, name, vendor, driver, features, software, threads: result.threads };
      state(i + 1);
    }
    if (claim.measure) observations.push(...(await claim.measure(context)));
    device ??= await deviceOf(options.device);
    const config: MeasurementEvidence['config'] = {
      claim: claim.id,
      scale,
      runs: [...runs],
      device: device.id.split(':')[0],
      threads: device.threads,
    };
    const evidence: MeasurementEvidence = {
      schema: 'longconv-measurement-1',
      id: newId(),
      time: new Date().toISOString(),
      claim: claim.id,
      scale,
      ...origin,
      device,
      config,
      config_hash: configHash(config),
      observations,
      observations_hash: observationsHash(observations),
      rows: claim.rows(observations, scale),
      seconds: (performance.now() - begun) / 1000,
    };
    appendMeasurement(evidence);
    state(parts, true);
    return evidence;
  } finally {
    unlock();
  }
}

async function deviceOf(id: string): Promise<MeasurementEvidence['device']> {
  const device = await openDevice(id);
  const { name, vendor, driver, features, software, threads } = device.info;
  await device.close();
  return { id: device.info.id, name, vendor, driver, features: [...features], software, threads: threads ?? null };
}
