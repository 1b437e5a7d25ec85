/** `bench list`: suites, devices, models and operators, and what can run here. */
import { DeviceUnavailableError } from '../../kernels/device/device.ts';
import { deviceKinds, openDevice } from '../../kernels/device/registry.ts';
import { loadOps } from '../../kernels/ops/registry.ts';
import { loadMixer, mixerIds } from '../../models/mixer.ts';
import type { Row } from '../../results/record.ts';
import { type Column, renderTable, showBytes } from '../../results/tables.ts';
import type { Options } from '../cli.ts';
import { exit } from '../errors.ts';
import { showLength } from '../options.ts';
import { colours, print } from '../output.ts';
import { loadSuite, suiteIds } from '../suite.ts';

export async function run(_args: unknown[], options: Options): Promise<number> {
  const devices: Row[] = [];
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
      await d.close();
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
  const suites = await Promise.all(
    suiteIds().map(async (id) => {
      const s = await loadSuite(id);
      const { quick, full } = s.lengths;
      return {
        id,
        title: s.title,
        claim: s.claim,
        models: [...s.models],
        lengths: { quick, full },
        peers: [...(s.peers ?? [])],
      };
    }),
  );
  const models = await Promise.all(
    mixerIds().map(async (id) => {
      const m = await loadMixer(id);
      return { id, title: m.title, kind: m.kind, paper: `${m.paper.title} (${m.paper.year})`, arxiv: m.paper.arxiv };
    }),
  );
  const operators = [...ops].map(([id, op]) => ({ id, cases: op.cases.length, ...support.get(id) }));
  if (options.json) {
    await print(JSON.stringify({ suites, devices, models, ops: operators }, null, 2));
    return exit.done;
  }
  const colour = colours(process.stdout);
  const kinds = devices.filter((d) => d.here).map((d) => String(d.id));
  const only = ['suites', 'devices', 'models', 'ops'].filter((name) => options[name]);
  const section = async (name: string, title: string, rows: Row[], columns: Column[]) =>
    (only.length && !only.includes(name)) ||
    print(`${title}\n${rows.length ? renderTable(rows, columns, colour) : '(none)'}\n`);
  await section(
    'suites',
    'Suites: bench run <suite>',
    suites.map(({ id, title, models: names, lengths }) => ({
      id,
      title,
      models: names.join(' '),
      lengths: lengths.quick.map(showLength).join(' '),
    })),
    columns('id Suite', 'title What', 'models Models', 'lengths Lengths (quick)'),
  );
  await section('devices', 'Devices: --device', devices, [
    ...columns('id Device'),
    { key: 'here', title: 'Here', text: (v) => (v ? 'yes' : 'no') },
    { key: 'name', title: 'What it is, or why not', text: (v, r) => String(v || r.why_not) },
    ...columns('features Features'),
    { key: 'memory_bytes', title: 'Memory', align: 'right', text: showBytes },
  ]);
  await section(
    'models',
    'Models',
    models,
    columns('id Model', 'title Title', 'kind Kind', 'paper Paper', 'arxiv arXiv'),
  );
  await section('ops', 'Operators: bench check --only <operator>', operators, [
    ...columns('id Operator', 'cases Cases'),
    ...kinds.map((k) => ({ key: k, title: k })),
  ]);
  return exit.done;
}

const columns = (...specs: string[]): Column[] =>
  specs.map((s) => ({ key: s.slice(0, s.indexOf(' ')), title: s.slice(s.indexOf(' ') + 1) }));
