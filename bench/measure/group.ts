/**
 * Measures a group: checks every candidate against the reference, builds them side by side, takes the peak memory of
 * one step, samples them in interleaved rounds, and emits one row each.
 */
import { ratioOf, timeOf } from '../../results/statistics.ts';
import { DisagreementError, InterruptedError } from '../../results/terminal/errors.ts';
import type { SuiteContext } from '../suite.ts';
import { rooflineFraction } from './roofline.ts';
import { type Sampled, sampleInterleaved } from './sampling.ts';
import type { Candidate, Group, Workload } from './workload.ts';

interface Ready {
  candidate: Candidate;
  workload: Workload;
  error: Awaited<ReturnType<Candidate['check']>>;
  peakBytes: number | null;
}

/** Throws `DisagreementError` before timing when a candidate fails its check, `InterruptedError` after Ctrl-C. */
export async function measureGroup(context: SuiteContext, group: Group): Promise<void> {
  const { device, plan, signal } = context;
  const time = new Date().toISOString();
  const ready: Ready[] = [];
  try {
    for (const candidate of group.candidates) {
      if (signal.aborted) throw new InterruptedError('interrupted');
      context.live(`${group.name}: checking ${candidate.id} against the reference`);
      const error = await candidate.check();
      if (error && !(error.value <= error.tolerance))
        throw new DisagreementError(
          `${candidate.id} disagrees with the float64 reference (${error.case}): ${error.worst} is off by ${error.value.toExponential(2)}, the limit is ${error.tolerance.toExponential(1)}; nothing is timed. Run "bench check --device ${device.info.id}" to find the operator`,
        );
      ready.push(await prepare(context, group, candidate, error));
    }
    const sampled = await sampleInterleaved(
      ready.map(({ candidate, workload }) => ({ id: candidate.id, sample: workload.sample })),
      plan,
      signal,
      (r) => context.progress(group, r),
    );
    for (const [i, r] of ready.entries()) await emit(context, group, r, sampled[i], sampled, time);
  } finally {
    for (const r of ready) await r.workload.dispose();
  }
  if (signal.aborted) throw new InterruptedError('interrupted');
}

async function prepare(
  context: SuiteContext,
  group: Group,
  candidate: Candidate,
  error: Ready['error'],
): Promise<Ready> {
  const { memory } = context.device;
  context.live(`${group.name}: building ${candidate.id}`);
  const before = memory.live;
  const workload = await candidate.build();
  // The first step allocates what stays (optimiser state, device constants); the second one shows the peak.
  await workload.sample();
  const cost = workload.cost();
  memory.resetPeak();
  await workload.sample();
  return { candidate, workload, error, peakBytes: cost ? memory.peak - before : null };
}

async function emit(
  context: SuiteContext,
  group: Group,
  { candidate, workload, error, peakBytes }: Ready,
  sampled: Sampled,
  all: readonly Sampled[],
  time: string,
): Promise<void> {
  const rounds = sampled.rounds.filter((r) => r.length);
  if (!rounds.length) return;
  const { device, plan } = context;
  const t = timeOf(rounds);
  const base = all[group.candidates.findIndex((c) => c.id === group.baseline)];
  const paired = base?.rounds.some((r, i) => r.length && sampled.rounds[i]?.length);
  const speedup = base && paired ? ratioOf(base.rounds, sampled.rounds) : { estimate: null, low: null, high: null };
  const cost = workload.cost();
  const perSecond = 1e3 / t.estimate;
  await context.emit({
    time,
    config: candidate.config,
    data: group.data,
    samples: { unit: 'ms', clock: device.info.id === 'cpu' ? 'wall' : 'device', rounds },
    statistics: {
      ms: t.estimate,
      ms_low: t.low,
      ms_high: t.high,
      least: Math.min(...rounds.flat()),
      most: Math.max(...rounds.flat()),
      speedup: speedup.estimate,
      speedup_low: speedup.low,
      speedup_high: speedup.high,
    },
    error,
    peak_bytes: peakBytes,
    flops: cost?.flops ?? null,
    bytes: cost?.bytes ?? null,
    interrupted: rounds.length < plan.rounds && context.signal.aborted,
    row: {
      ...candidate.row,
      device: device.info.id,
      implementation: workload.implementation,
      ms: t.estimate,
      ms_low: t.low,
      ms_high: t.high,
      samples: rounds.flat().length,
      rounds: rounds.length,
      steps_per_s: perSecond,
      tokens_per_s: group.tokens === null ? null : group.tokens * perSecond,
      peak_bytes: peakBytes,
      flops: cost?.flops ?? null,
      bytes: cost?.bytes ?? null,
      roofline: cost ? rooflineFraction(cost, t.estimate, context.roofline) : null,
      speedup: speedup.estimate,
      speedup_low: speedup.low,
      speedup_high: speedup.high,
      baseline: base ? group.baseline : null,
      error: error?.value ?? null,
    },
  });
}
