/** The systems of `bench list --models`: what each is, its size, where it runs, what proves it and who claims what. */
import type { Device } from '../kernels/device/device.ts';
import { lraClassifier } from '../models/configurations/lra.ts';
import { estimateClassifier } from '../models/networks/classifier.ts';
import { type LoadedSystem, systems } from '../models/systems.ts';
import { goldenChecks, readChecks } from '../results/checks.ts';
import { loadPublished, publishedIds } from '../results/published/published.ts';
import { type CaseHeader, caseHeaders } from './golden/golden.ts';

export interface SystemRow {
  id: string;
  title: string;
  paper: string;
  arxiv: string;
  year: number;
  kind: string;
  mixer: string;
  /** Of the LRA speed comparison's classifier at `lraSize`. */
  parameters: number;
  sequence: string;
  step: string | null;
  /** Whether a training step runs on each device that is here; or the kernel that is missing. */
  devices: Record<string, true | string>;
  /** Golden cases that pin it, and on how many of the recorded devices each passed. */
  golden: { cases: number; passed: Record<string, number>; worst: Record<string, number> };
  /** Published claims with a row for it. */
  claims: string[];
}

/** Four layers, 128 wide, 1024 real steps (Image, Pathfinder). */
export const lraSize = { width: 128, layers: 4, length: 1024, dims: 1, classes: 10 };

export async function systemTable(devices: readonly Device[]): Promise<SystemRow[]> {
  const headers = caseHeaders();
  const verdicts = readChecks(goldenChecks)?.verdicts ?? [];
  const claims = publishedIds().map((id) => ({ id, models: new Set(loadPublished(id).rows.map((r) => r.model)) }));
  return Promise.all(
    systems.map(async (s): Promise<SystemRow> => {
      const { definition } = s;
      const { parameters, kernels } = await estimateClassifier(lraClassifier({ ...lraSize, system: s.id }), 1, 1024);
      const { title: paper, arxiv, year } = s.paper ?? definition.paper;
      const cases = headers.filter((h) => pins(s, h));
      const names = new Set(cases.map((h) => h.case));
      const passed: Record<string, number> = {};
      const worst: Record<string, number> = {};
      for (const v of verdicts.filter((v) => names.has(v.case) && v.status === 'pass')) {
        passed[v.device] = (passed[v.device] ?? 0) + 1;
        worst[v.device] = Math.max(worst[v.device] ?? 0, v.error);
      }
      return {
        id: s.id,
        title: s.title,
        paper,
        arxiv,
        year,
        kind: definition.kind,
        mixer: definition.id,
        parameters,
        ...definition.complexity,
        devices: Object.fromEntries(devices.map((d) => [d.info.id, runs(d, kernels)])),
        golden: { cases: cases.length, passed, worst },
        claims: claims.filter(({ models }) => s.published?.some((name) => models.has(name))).map(({ id }) => id),
      };
    }),
  );
}

/** What whole-network cases call a mixer, where it is not our name. */
const caseNames: Record<string, string> = { mha: 'attention', mlp_tanh: 'mlp', longconv: 'long-conv' };
const mixerOf = (name: string): string => caseNames[name] ?? name;

/** Whether the case is about this system: one of its mixer's families, or a network that contains the mixer. */
function pins({ definition, cases }: LoadedSystem, header: CaseHeader): boolean {
  const inside = header.mixers.some((name) => mixerOf(name) === definition.id);
  if (!inside && !definition.golden.includes(header.family)) return false;
  return !cases || cases.test(header.case);
}

function runs(device: Device, kernels: ReadonlySet<string>): true | string {
  for (const kernel of kernels) {
    const [op, pass] = kernel.split(' ') as [string, 'forward' | 'backward'];
    if (device.supports(op, pass) !== true) return kernel;
  }
  return true;
}
