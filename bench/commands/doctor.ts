/** `bench doctor`: is this machine fit to measure, what is missing, and how to get it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { type Device, DeviceUnavailableError } from '../../kernels/device/device.ts';
import { deviceKinds, openDevice } from '../../kernels/device/registry.ts';
import { loadAddon } from '../../kernels/native/addon.ts';
import { packageRoot, runsFolder, runtimeInfo } from '../../results/provenance.ts';
import { renderTable, show, showBytes, showPercent } from '../../results/tables.ts';
import { exit } from '../../results/terminal/errors.ts';
import { memoryLimit } from '../../results/terminal/memory.ts';
import { colours, lineWidth, print, progress } from '../../results/terminal/output.ts';
import type { Options } from '../cli.ts';
import { interrupted, stopIfInterrupted } from '../interrupt.ts';
import { clockStep, measureNoise } from '../measure/noise.ts';
import { measureRoofline } from '../measure/roofline.ts';

interface Finding {
  what: string;
  /** `missing` alone makes the exit code 3. */
  status: 'ok' | 'note' | 'warning' | 'missing';
  found: string;
  /** What to do about it; empty when nothing is to be done. */
  advice: string;
}

export async function run(_args: unknown[], options: Options): Promise<number> {
  const findings: Finding[] = [];
  const add = (what: string, status: Finding['status'], found: string, advice = '') =>
    findings.push({ what, status, found, advice });

  const runtime = runtimeInfo();
  add('runtime', 'ok', `${runtime.name} ${runtime.version}, ${runtime.os}, ${runtime.arch}`);
  tools(add);
  machine(add);
  const opened = await devices(add);
  const cpu = opened.find((d) => d.info.id === 'cpu');
  if (cpu) await speed(cpu, add);
  space(add);
  progress.end();
  for (const d of opened) await d.close();
  // Signals that came during the measurements are handled now.
  await new Promise((resolve) => setImmediate(resolve));
  stopIfInterrupted();
  if (options.json) await print(JSON.stringify({ fit: fit(findings), findings }, null, 2));
  else {
    const advice = findings.filter((f) => f.advice).map((f) => `${f.what} (${f.status}): ${f.advice}`);
    const table = renderTable(
      findings.map(({ what, status, found }) => ({ what, status, found })),
      [
        { key: 'what', title: 'What' },
        { key: 'status', title: 'Status' },
        { key: 'found', title: 'Found' },
      ],
      colours(process.stdout),
      lineWidth(process.stdout),
    );
    await print([table, ...advice].join('\n'));
  }
  progress.say(`this machine is ${fit(findings)}`);
  return findings.some((f) => f.status === 'missing') ? exit.unavailable : exit.done;
}

type Add = (what: string, status: Finding['status'], found: string, advice?: string) => void;

function fit(findings: readonly Finding[]): string {
  if (findings.some((f) => f.status === 'missing')) return 'not fit to measure: something is missing';
  return findings.some((f) => f.status === 'warning') ? 'fit to measure, with the warnings above' : 'fit to measure';
}

function version(command: string, args: string[] = ['--version']): string | null {
  try {
    const out = execFileSync(command, args, { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] });
    return out.split('\n')[0].trim();
  } catch {
    return null;
  }
}

function tools(add: Add): void {
  const bin = `${packageRoot}/node_modules/.bin`;
  const wanted: [string, string[], string][] = [
    ['g++', ['g++', process.env.CXX ?? ''], 'apt-get install g++ (compiles the CPU kernels: npm run build)'],
    ['g++ for arm64', ['aarch64-linux-gnu-g++'], 'apt-get install g++-aarch64-linux-gnu (only to cross-compile)'],
    ['node', ['node'], 'install Node 20 or newer (only to build and install)'],
    ['bun', [`${bin}/bun`, 'bun'], 'npm ci'],
    ['deno', [`${bin}/deno`, 'deno'], 'npm ci (only to run under Deno)'],
    ['git', ['git'], 'apt-get install git (records then name the commit)'],
  ];
  for (const [name, commands, advice] of wanted) {
    const found = commands.filter(Boolean).map((c) => version(c));
    const first = found.find((v) => v !== null);
    if (first) add(name, 'ok', first);
    else add(name, 'note', 'not here', advice);
  }
}

function machine(add: Add): void {
  const list = cpus();
  const cores = list.length;
  add('processor', 'ok', `${list[0]?.model.trim() || 'unknown'}, ${cores} ${cores === 1 ? 'core' : 'cores'}`);
  const [load] = loadavg();
  if (load > 0.25 * cores)
    add('load', 'warning', `${show(load)} on ${cores} cores`, 'stop other programs: times measured now are disturbed');
  else add('load', 'ok', `${show(load)} on ${cores} cores`);
  const governor = text('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor');
  if (governor && governor !== 'performance')
    add('clock governor', 'warning', governor, 'cpupower frequency-set -g performance');
  else add('clock governor', 'ok', governor ?? 'not shown by this system');
  const steal = stolen();
  if (steal !== null && steal > 0.01)
    add(
      'stolen time',
      'warning',
      showPercent(steal),
      'the hypervisor gives these cores to others: use another machine',
    );
  const step = clockStep() * 1e6;
  add(
    'timer step',
    step > 10_000 ? 'warning' : 'ok',
    `${show(step)} ns`,
    step > 10_000 ? 'short samples are coarse' : '',
  );
}

/** Fraction of processor time since boot that the hypervisor kept. */
function stolen(): number | null {
  const numbers = /^cpu\s+(.*)$/m
    .exec(text('/proc/stat') ?? '')?.[1]
    .split(/\s+/)
    .map(Number);
  if (!numbers) return null;
  const total = numbers.slice(0, 8).reduce((a, b) => a + b, 0);
  return total > 0 ? (numbers[7] ?? 0) / total : null;
}

async function devices(add: Add): Promise<Device[]> {
  const opened: Device[] = [];
  for (const kind of deviceKinds()) {
    if (kind === 'reference') continue;
    try {
      const d = await openDevice(kind);
      opened.push(d);
      const { name, driver, features, software } = d.info;
      add(
        `device ${kind}`,
        software ? 'note' : 'ok',
        `${name}, ${driver}${software ? ' (software)' : ''}; ${features.join(' ')}`,
      );
    } catch (e) {
      if (!(e instanceof DeviceUnavailableError)) throw e;
      add(`device ${kind}`, kind === 'cpu' ? 'missing' : 'note', 'not here', e.message);
    }
  }
  return opened;
}

async function speed(cpu: Device, add: Add): Promise<void> {
  const addon = loadAddon();
  const asked = process.env.LONGCONV_THREADS ? ' (LONGCONV_THREADS)' : '';
  add('instruction sets', 'ok', `${addon.isas().join(', ')}; kernels use ${cpu.info.features[0]}`);
  add('threads', 'ok', `${addon.threads()}${asked}`);
  progress.live('measuring the roofline');
  const roofline = measureRoofline(cpu);
  if (roofline)
    add('roofline', 'ok', `${show(roofline.flops / 1e9)} GFLOP/s, ${show(roofline.bytes / 1e9)} GB/s copied`);
  progress.live('measuring the noise floor');
  const noise = await measureNoise(cpu, interrupted);
  const found = `A against A: ${showPercent(noise.typical)} typical, ${showPercent(noise.largest)} at most in ${noise.rounds} rounds`;
  if (noise.typical > 0.05)
    add('noise', 'warning', found, 'differences below this cannot be told: more --rounds, or a quieter machine');
  else add('noise', 'ok', found);
}

function space(add: Add): void {
  const limit = memoryLimit();
  add(
    'memory',
    limit.bytes < 2 * 1024 ** 3 ? 'warning' : 'ok',
    `${showBytes(limit.bytes)} (${limit.source})`,
    limit.bytes < 2 * 1024 ** 3 ? 'long sequences need more' : '',
  );
  const folder = existsSync(runsFolder()) ? runsFolder() : packageRoot;
  const disk = statfsSync(folder);
  const free = disk.bavail * disk.bsize;
  add(
    'disk',
    free < 1024 ** 3 ? 'warning' : 'ok',
    `${showBytes(free)} free for records`,
    free < 1024 ** 3 ? 'free some space, or set LONGCONV_RESULTS' : '',
  );
}

function text(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
