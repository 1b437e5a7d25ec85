/** `bench list`: suites, devices, models and operators, and what can run here. */
import { type Device, DeviceUnavailableError } from '../../kernels/device/device.ts';
import { deviceKinds, openDevice } from '../../kernels/device/registry.ts';
import { loadOps } from '../../kernels/ops/registry.ts';
import { matchesPublished, publishedSizes } from '../../models/configurations/published-sizes.ts';
import { goldenChecks, readChecks } from '../../results/checks.ts';
import type { Row } from '../../results/record.ts';
import { type Column, renderTable, showBytes } from '../../results/tables.ts';
import { exit } from '../../results/terminal/errors.ts';
import { memoryLimit } from '../../results/terminal/memory.ts';
import { showLength } from '../../results/terminal/options.ts';
import { colours, lineWidth, print } from '../../results/terminal/output.ts';
import type { Options } from '../cli.ts';
import { loadSuite, suiteIds } from '../suite.ts';
import { lraSize, type SystemRow, systemTable } from '../system-table.ts';

export async function run(_args: unknown[], options: Options): Promise<number> {
  const devices: Row[] = [];
  const open: Device[] = [];
  const support = new Map<string, Record<string, string>>();
  const ops = await loadOps();
  for (const kind of deviceKinds()) {
    try {
      const d = await openDevice(kind);
      const { id, name, driver, software, features, memoryBytes } = d.info;
      const memory = Number.isFinite(memoryBytes) ? memoryBytes : null;
      devices.push({
        id,
        here: true,
        name,
        driver,
        software,
        features: features.join(' '),
        memory_bytes: memory,
        why_not: '',
      });
      for (const [op, { differentiable }] of ops) {
        const forward = d.supports(op, 'forward') === true;
        const backward = differentiable === false || d.supports(op, 'backward') === true;
        support.set(op, { ...support.get(op), [kind]: forward ? (backward ? 'yes' : 'forward only') : 'no' });
      }
      open.push(d);
    } catch (e) {
      if (!(e instanceof DeviceUnavailableError)) throw e;
      devices.push({
        id: kind,
        here: false,
        name: '',
        driver: '',
        software: false,
        features: '',
        memory_bytes: null,
        why_not: e.message,
      });
    }
  }
  const limit = memoryLimit();
  const planner = await openDevice('reference');
  const suites = await Promise.all(
    suiteIds().map(async (id) => {
      const s = await loadSuite(id);
      const groups = await s.groups(planner, { scale: 'quick', peers: [], seed: 0 });
      const cases = groups.flatMap((g) =>
        g.candidates.map((c) => ({ case: g.name, model: c.id, bytes: c.estimate, fits: c.estimate <= limit.bytes })),
      );
      const { quick, full } = s.lengths;
      const peers = [...(s.peers ?? [])];
      return { id, title: s.title, claim: s.claim, models: [...s.models], lengths: { quick, full }, peers, cases };
    }),
  );
  const models = await systemTable(open);
  for (const d of open) await d.close();
  const sizes = await Promise.all(
    publishedSizes.map(async ({ claim, model, published, source, difference, count }) => {
      const ours = await count();
      return { claim, model, published, ours, met: matchesPublished(ours, published), source, difference };
    }),
  );
  const operators = [...ops].map(([id, op]) => ({ id, cases: op.cases.length, ...support.get(id) }));
  if (options.json) {
    await print(JSON.stringify({ suites, devices, models, sizes, ops: operators }, null, 2));
    return exit.done;
  }
  const colour = colours(process.stdout);
  const kinds = devices.filter((d) => d.here).map((d) => String(d.id));
  const only = ['suites', 'devices', 'models', 'ops'].filter((name) => options[name]);
  const section = async (name: string, title: string, rows: Row[], columns: Column[]) =>
    (only.length && !only.includes(name)) ||
    print(`${title}\n${rows.length ? renderTable(rows, columns, colour, lineWidth(process.stdout)) : '(none)'}\n`);
  await section(
    'suites',
    'Suites at scale quick: bench run <suite>',
    suites.map(({ id, title, models: names, lengths, cases }) => {
      const large = cases.filter((c) => !c.fits);
      const fit = large.length
        ? `not ${large.map((c) => `${c.model} at ${c.case} (${showBytes(c.bytes)})`).join(', ')}`
        : `all, up to ${showBytes(Math.max(...cases.map((c) => c.bytes)))}`;
      return {
        id,
        title,
        models: names.join(' '),
        lengths: lengths.quick.map(showLength).join(' '),
        cases: cases.length,
        fit,
      };
    }),
    columns('id Suite', 'title What', 'models Models 60', 'lengths Lengths', 'cases Cases', 'fit Fit in memory 60'),
  );
  await section('devices', 'Devices: --device', devices, [
    ...columns('id Device'),
    { key: 'here', title: 'Here', text: (v) => (v ? 'yes' : 'no') },
    { key: 'name', title: 'What it is, or why not', text: (v, r) => String(v || r.why_not), width: 80 },
    ...columns('features Features'),
    { key: 'memory_bytes', title: 'Memory', align: 'right', text: showBytes },
  ]);
  await section(
    'models',
    `Models: --models; parameters at ${lraSize.layers} layers of ${lraSize.width} and ${lraSize.length} steps, golden cases passed on ${checkedOn()}`,
    models.map((m) => ({
      id: m.id,
      title: m.title,
      paper: `${m.arxiv} (${m.year})`,
      kind: m.kind,
      parameters: m.parameters,
      sequence: m.sequence,
      step: m.step,
      golden: m.golden.cases ? `${goldenPassed(m)}/${m.golden.cases}` : 'none',
      devices: Object.entries(m.devices)
        .map(([id, runs]) => (runs === true ? id : `not ${id}`))
        .join(', '),
      claims: m.claims.join(' '),
    })),
    [
      ...columns('id Model', 'title Title', 'paper Paper', 'kind Kind'),
      { key: 'parameters', title: 'Parameters', align: 'right', text: String },
      ...columns('sequence Sequence', 'step Step', 'golden Golden', 'devices Devices', 'claims Published claims 44'),
    ],
  );
  await section(
    'models',
    'Parameters against the published ones (--json names the configurations)',
    sizes.map(({ claim, model, published, ours, met, difference }) => ({
      claim,
      model,
      published,
      ours,
      met: met ? 'same' : (difference ?? 'differs'),
    })),
    [
      ...columns('claim Claim', 'model Row', 'published Published'),
      { key: 'ours', title: 'Here', align: 'right', text: String },
      ...columns('met Verdict 60'),
    ],
  );
  await section('ops', 'Operators: bench check --only <operator>', operators, [
    ...columns('id Operator', 'cases Cases'),
    ...kinds.map((k) => ({ key: k, title: k })),
  ]);
  return exit.done;
}

/** Passed on every device of the committed check. */
const goldenPassed = ({ golden: { passed } }: SystemRow): number =>
  Object.keys(passed).length ? Math.min(...Object.values(passed)) : 0;

function checkedOn(): string {
  const checks = readChecks(goldenChecks);
  if (!checks) return 'no device yet: bench check --no-ops --out results/checks/golden.json';
  return `${[...new Set(checks.verdicts.map((v) => v.device))].join(' and ')} (${checks.time.slice(0, 10)})`;
}

/** Columns from `key Title`, with the width where a number ends it. */
const columns = (...specs: string[]): Column[] =>
  specs.map((spec) => {
    const [, key, title, width] = /^(\S+) (.*?)(?: (\d+))?$/.exec(spec) ?? [];
    return { key, title, width: width ? Number(width) : undefined };
  });
