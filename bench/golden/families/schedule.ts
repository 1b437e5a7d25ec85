/** Golden family `schedule`: learning-rate tables. Host code: the same on every device. */
import {
  Plateau,
  type Schedule,
  type ScheduleKind,
  scheduleFactor,
  scheduleKinds,
} from '../../../models/training/schedule.ts';
import { type GoldenCase, type GoldenResult, requireKnown, UnsupportedCase } from '../golden.ts';

const known = [
  ...['op', 'lr', 'warmup', 'total', 'warmup_from', 'min_factor'],
  ...['mode', 'threshold_mode', 'factor', 'patience', 'threshold', 'cooldown', 'min_lr'],
];

function plateau(c: GoldenCase): number[] {
  const { mode, threshold_mode, factor, patience, threshold, cooldown, min_lr, lr } = c.config;
  const base = lr ?? 1;
  if (threshold_mode && threshold_mode !== 'rel' && threshold_mode !== 'abs')
    throw new UnsupportedCase(`plateau has no threshold mode "${threshold_mode}"`);
  const schedule = new Plateau({
    mode: mode ?? 'min',
    threshold: threshold ?? 1e-4,
    thresholdMode: threshold_mode === 'abs' ? 'absolute' : 'relative',
    factor: factor ?? 0.1,
    patience: patience ?? 10,
    cooldown: cooldown ?? 0,
    minFactor: (min_lr ?? 0) / base,
  });
  return Array.from(c.get('metric').data, (x) => base * schedule.report(x));
}

function table(c: GoldenCase, kind: ScheduleKind): number[] {
  const { warmup = 0, total, warmup_from = 'zero', min_factor = 0, lr = 1 } = c.config;
  if (warmup_from !== 'zero' && warmup_from !== 'one')
    throw new UnsupportedCase(`warm-up starts from zero or one, not "${warmup_from}"`);
  const schedule: Schedule = { kind, warmup, total, warmupFrom: warmup_from, minFactor: min_factor };
  return Array.from(c.get('lr').data, (_, i) => lr * scheduleFactor(schedule, i));
}

export async function run(c: GoldenCase): Promise<GoldenResult> {
  requireKnown(c, known);
  const kind = scheduleKinds.find((k) => k === c.config.op);
  if (!kind && c.config.op !== 'plateau') throw new UnsupportedCase(`there is no schedule ${c.config.op}`);
  return { computed: new Map([['lr', kind ? table(c, kind) : plateau(c)]]), implementation: 'host' };
}
