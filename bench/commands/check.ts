/**
 * `bench check`: every operator's cases and every golden vector on every device, one line a case. Operators are held
 * to the float64 reference, the reference's gradients to central differences of its forward pass, and golden vectors to
 * the numbers of the authors' own code.
 */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import type { Device } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { checkOp } from '../../kernels/ops/check.ts';
import { checkGradient } from '../../kernels/ops/gradient.ts';
import { loadOps } from '../../kernels/ops/registry.ts';
import { prepareChecks, writeChecks } from '../../results/checks.ts';
import { renderTable } from '../../results/tables.ts';
import { exit, UsageError } from '../../results/terminal/errors.ts';
import { last } from '../../results/terminal/options.ts';
import { colours, lineWidth, print, progress, showDuration } from '../../results/terminal/output.ts';
import type { Options } from '../cli.ts';
import { deviceNames, openDevices } from '../devices.ts';
import { goldenFiles, goldenFolder, readGolden } from '../golden/golden.ts';
import { type GoldenVerdict, runGolden } from '../golden/run.ts';
import { interrupted } from '../interrupt.ts';
import { applyThreads } from '../threads.ts';

/** One line of the output; the same fields for operators and golden vectors. */
export type Verdict = GoldenVerdict;

export async function run(_args: unknown[], options: Options): Promise<number> {
  const names = deviceNames(options.device, 'all');
  const matches = matcher(last(options.only as string | undefined));
  const golden = last(options.golden as string | undefined);
  const files = vectorFiles(golden);
  // A folder that was named is what is asked about: its vectors alone.
  const withOps = options.ops !== false && (golden === undefined || golden === 'none');
  applyThreads(last(options.threads));
  const given = last(options.out as string | undefined);
  const out = given === undefined ? undefined : resolve(String(given));
  if (out) prepareChecks(out);
  const { devices, absent } = await openDevices(names);
  for (const a of absent) progress.say(`not checked: ${a.id}: ${a.reason}`);
  const start = performance.now();
  const verdicts: Verdict[] = [];
  try {
    for await (const v of verdictsOf(devices, files, withOps, matches)) {
      verdicts.push(v);
      if (options.json) await print(JSON.stringify(v));
      progress.live(`${verdicts.length} cases, ${v.device} ${v.case}`);
      if (interrupted.aborted) break;
    }
  } finally {
    progress.end();
    for (const d of devices) await d.close();
  }
  if (!verdicts.length && !interrupted.aborted)
    throw new UsageError(`no case matches --only ${options.only}: see the names with bench check --json`);
  if (!options.json) await print(humanTable(verdicts));
  const failed = verdicts.filter((v) => v.status === 'fail');
  progress.say(summary(verdicts, (performance.now() - start) / 1000));
  for (const v of failed.slice(0, 20)) progress.say(`FAILED ${v.device} ${v.case}: ${v.reason}`);
  if (failed.length > 20) progress.say(`... and ${failed.length - 20} more`);
  if (interrupted.aborted) {
    if (out) progress.say(`interrupted: ${out} is not written`);
    return exit.interrupted;
  }
  if (out) writeChecks(out, process.argv.slice(2), verdicts);
  return failed.length ? exit.disagrees : exit.done;
}

async function* verdictsOf(
  devices: readonly Device[],
  files: readonly string[],
  withOps: boolean,
  matches: (...names: string[]) => boolean,
): AsyncGenerator<Verdict> {
  if (withOps) {
    const reference = devices.find((d) => d.real === 'f64') ?? (await openDevice('reference'));
    for (const [id, op] of await loadOps())
      for (const c of op.cases) {
        const name = `${id}/${c.name}`;
        if (!matches(name, id)) continue;
        for (const device of devices) {
          // The reference is held to central differences of itself, where the case is small enough.
          const verdict = await guarded(name, id, device, async () => {
            const result =
              device === reference ? await checkGradient(op, c, device) : await checkOp(op, c, device, reference);
            if (!result) return null;
            const { op: family, case: _, ...rest } = result;
            return { case: name, family, ...rest };
          });
          if (verdict) yield verdict;
          await device.fence();
        }
      }
  }
  for (const file of files) {
    let name = file.replace(/^.*[/\\]/, '').replace(/\.json$/, '');
    // The file name tells the case; only what is wanted is read.
    if (!matches(name) && !matches(readGolden(file).family)) continue;
    for (const device of devices) {
      yield await guarded(name, 'golden', device, () => {
        const c = readGolden(file);
        name = c.case;
        return runGolden(c, device);
      });
      await device.fence();
    }
  }
}

/** A case that throws has failed, and the others go on. */
async function guarded<V extends Verdict | null>(
  name: string,
  family: string,
  device: Device,
  work: () => Promise<V>,
): Promise<Verdict | V> {
  try {
    const v = await work();
    return !v || Number.isFinite(v.error) ? v : { ...v, error: Number.MAX_VALUE };
  } catch (e) {
    const none = { implementation: '', error: 0, tolerance: 0, worst: '' };
    return { case: name, family, device: device.info.id, ...none, status: 'fail', reason: (e as Error).message };
  }
}

/** The golden headers to run. A folder that was named must be there and hold vectors. */
function vectorFiles(folder: string | undefined): string[] {
  if (folder === 'none') return [];
  const path = folder === undefined ? goldenFolder : resolve(String(folder));
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new UsageError(
      `--golden ${folder}: there is no such folder; give one with golden vectors (*.json and *.bin)`,
    );
  const files = goldenFiles(path);
  if (!files.length) throw new UsageError(`--golden ${folder}: the folder holds no golden vectors (*.json)`);
  return files;
}

/** Names that contain the pattern; `*` stands for anything. */
function matcher(pattern: unknown): (...names: string[]) => boolean {
  if (pattern === undefined) return () => true;
  const text = String(pattern)
    .split('*')
    .map((s) => s.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  const re = new RegExp(text, 'i');
  return (...names) => names.some((n) => re.test(n));
}

function humanTable(verdicts: readonly Verdict[]): string {
  return renderTable(
    verdicts.map((v) => ({ ...v })),
    [
      { key: 'status', title: 'Status' },
      { key: 'device', title: 'Device' },
      { key: 'case', title: 'Case' },
      { key: 'error', title: 'Error', align: 'right', text: (e, r) => (r.worst === '' ? '-' : scientific(e)) },
      { key: 'tolerance', title: 'Limit', align: 'right', text: scientific },
      { key: 'reason', title: 'Worst tensor, or reason', text: (reason, r) => String(reason || r.worst) },
    ],
    colours(process.stdout),
    lineWidth(process.stdout),
  );
}

const scientific = (x: unknown): string => (typeof x === 'number' ? (x === 0 ? '0' : x.toExponential(1)) : '-');

function summary(verdicts: readonly Verdict[], seconds: number): string {
  const of = (status: string) => verdicts.filter((v) => v.status === status).length;
  return `${of('pass')} passed, ${of('fail')} failed, ${of('unsupported')} not supported, in ${showDuration(seconds)}`;
}
