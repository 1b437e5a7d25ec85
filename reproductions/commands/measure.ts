/** `repro run <claim>` of a claim that is measured: its suites, its own counts, and what they say about the paper. */
import process from 'node:process';
import { last } from '../../results/terminal/options.ts';
import { print, progress } from '../../results/terminal/output.ts';
import type { Scale } from '../claim.ts';
import type { Options } from '../cli.ts';
import { exit, InterruptedError, UsageError } from '../errors.ts';
import { interruption, onInterruptSay } from '../interrupt.ts';
import type { MeasurementClaim } from '../measure/measurement.ts';
import { keepMeasurement, measurementJson, showMeasurement } from '../measure/results.ts';
import { measureClaim } from '../measure/run.ts';
import { deviceName, requireWritable } from '../options.ts';

/** What belongs to training runs alone. */
const trainingOptions = ['task', 'models', 'seed', 'seeds', 'steps', 'tokens', 'accumulation', 'budget', 'fresh'];

export async function measure(claim: MeasurementClaim, scale: Scale, options: Options): Promise<number> {
  const foreign = trainingOptions.find((name) => options[name] !== undefined);
  if (foreign || last(options.data) !== 'auto')
    throw new UsageError(
      `${claim.id} is measured, not trained: --${foreign ?? 'data'} says nothing there. It takes --scale, --device, --out and --json`,
    );
  const device = deviceName(options.device);
  if (options.out !== undefined) requireWritable(String(options.out));
  onInterruptSay('what is being measured ends after this sample (again to end at once)');
  const evidence = await measureClaim(claim, {
    ...{ scale, device },
    argv: process.argv.slice(2),
    signal: interruption,
    say: (text) => progress.say(text),
  }).catch((e) => {
    if (e instanceof InterruptedError) progress.say(e.message);
    throw e;
  });
  if (options.out !== undefined) keepMeasurement(String(options.out), claim, evidence);
  await print(
    options.json === true
      ? JSON.stringify(measurementJson(claim, evidence), null, 1)
      : showMeasurement(claim, evidence, 'table'),
  );
  return exit.done;
}
