/**
 * The pages that are made from the committed evidence alone: `results/README.md`, the claims table in `README.md`, and
 * the charts of curves. The same evidence and claims give the same bytes on any machine and runtime.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { committedRoot } from '../../results/provenance.ts';
import { claimIds, loadClaim } from '../claim.ts';
import { resultsOf, type TrainingResults } from '../claim-results.ts';
import { writeAtomically } from '../data/cache.ts';
import { UsageError } from '../errors.ts';
import { claimsTable } from './claims-table.ts';
import { courseChart } from './course-chart.ts';
import { drawnRuns } from './drawn-runs.ts';
import { kernelChart } from './kernel-chart.ts';
import { blocks } from './markdown.ts';
import { measuredSection } from './measured-section.ts';
import { type Chart, trainingSection } from './training-section.ts';

const README = 'README.md';
const RESULTS = 'results/README.md';
const CHARTS = 'results/charts/claims';
const [BEGIN, END] = ['<!-- claims: written by "repro table --write" -->', '<!-- end of claims -->'];

/** Text of each file by its path in the package; null: it is not to be there. */
export async function pages(root = committedRoot()): Promise<Map<string, string | null>> {
  const files = new Map<string, string | null>();
  const charts = join(root, CHARTS);
  for (const name of existsSync(charts) ? readdirSync(charts).sort() : []) files.set(`${CHARTS}/${name}`, null);
  const all = (await Promise.all(claimIds().map(loadClaim))).map((claim) => resultsOf(claim, 'committed'));
  const sections = all.map((results) => {
    if (results.kind === 'measurement') return measuredSection(results);
    const charts = chartsOf(results);
    for (const { file, text } of charts) files.set(`${CHARTS}/${file}`, text);
    return trainingSection(results, charts);
  });
  files.set(RESULTS, `${blocks(introduction, claimsTable(all, ''), ...sections)}\n`);
  files.set(README, withTable(readFileSync(join(root, README), 'utf8'), claimsTable(all, RESULTS)));
  return files;
}

/** Pictures of a claim's kept runs, by their name in the folder of charts. */
function chartsOf(results: TrainingResults): (Chart & { text: string })[] {
  const { id, title } = results.claim;
  const runs = drawnRuns(results);
  if (!runs) return [];
  const kernels = kernelChart(title, runs);
  return [
    { file: `${id}.svg`, what: `Validation curves of ${id}`, text: courseChart(title, runs) },
    ...(kernels ? [{ file: `${id}-kernels.svg`, what: `Learned kernels of ${id}`, text: kernels }] : []),
  ];
}

const introduction = blocks(
  '# The claims, and what was found',
  'Made from `results/evidence` alone by `repro table --write`; do not edit. `repro verify` reads the evidence again.',
  '`~` marks a published number that nobody could confirm at its source. Only a run of the published configuration (paper scale) on the published data, or on data of the same distribution, can reproduce a number: runs at desk scale say "partial scale", other data "stand-in data". A time of one machine never reproduces that of another: it shares the published direction or not. "Holds here" is said of a comparison that holds at the scale and on the data of the runs, which settles nothing of the paper\'s.',
);

/** The text with the table between the markers. */
function withTable(text: string, table: string): string {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from)
    throw new UsageError(`${README} has no place for the claims table: put the lines ${BEGIN} and ${END} into it`);
  return `${text.slice(0, from + BEGIN.length)}\n\n${table}\n\n${text.slice(to)}`;
}

/** Writes what differs, and says what that was. */
export async function writePages(root = committedRoot()): Promise<string[]> {
  const written: string[] = [];
  for (const { path, text } of await differing(root)) {
    if (text === null) rmSync(join(root, path));
    else writeAtomically(join(root, path), [new TextEncoder().encode(text)]);
    written.push(path);
  }
  return written;
}

/** A sentence for every file that is not what the evidence makes of it. */
export const outdated = async (root = committedRoot()): Promise<string[]> =>
  (await differing(root)).map(({ path, text, found }) => {
    if (text === null) return `${path} is there, and no evidence makes it`;
    if (found === null) return `${path} is missing`;
    const [is, should] = [found, text].map((file) => file.split('\n'));
    const line = should.findIndex((one, i) => one !== is[i]);
    const at = line < 0 ? should.length : line;
    return `${path}, line ${at + 1}: is ${quoted(is[at])}, and the evidence makes ${quoted(should[at])}`;
  });

const quoted = (line: string | undefined): string =>
  line === undefined ? 'the end of the file' : JSON.stringify(line);

async function differing(root: string): Promise<{ path: string; text: string | null; found: string | null }[]> {
  return [...(await pages(root))].flatMap(([path, text]) => {
    const file = join(root, path);
    const found = existsSync(file) ? readFileSync(file, 'utf8') : null;
    return found === text ? [] : [{ path, text, found }];
  });
}
