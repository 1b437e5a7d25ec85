import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../results/provenance.ts';
import { claimIds, loadClaim } from '../claim.ts';
import h3 from '../claims/h3-synthetics.ts';
import { counted } from '../headline.ts';
import { keep } from '../keep.ts';
import { finished, leave, leaveMeasurement } from '../kept-evidence.fixture.ts';
import type { MeasurementClaim } from '../measure/measurement.ts';
import { outdated, pages, writePages } from './page.ts';

const previous = {
  LONGCONV_RESULTS: process.env.LONGCONV_RESULTS,
  LONGCONV_COMMITTED: process.env.LONGCONV_COMMITTED,
};
let root = '';
const markers = ['<!-- claims: written by "repro table --write" -->', '<!-- end of claims -->'];
const readme = `# Somebody's words\n\n${markers[0]}\n\n${markers[1]}\n\nMore of them.\n`;
const read = (path: string) => readFileSync(join(root, path), 'utf8');

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'longconv-page-'));
  process.env.LONGCONV_RESULTS = join(root, 'runs');
  process.env.LONGCONV_COMMITTED = root;
  writeFileSync(join(root, 'README.md'), readme);
  const recall = { task: 'recall-v10' };
  for (const seed of [0, 1, 2]) {
    leave(finished(h3, { ...recall, model: 'h3', seed, value: 0.94 + 0.01 * seed }));
    leave(finished(h3, { ...recall, model: 'attention', seed, value: 0.96 + 0.002 * seed }));
  }
  leave(finished(h3, { ...recall, model: 'h3', scale: 'paper', value: 0.998 }));
  leave(finished(h3, { task: 'induction', model: 'h3', value: 0.5, kind: 'stand-in:other words' }));
  leaveMeasurement((await loadClaim('gss-speed')) as MeasurementClaim);
  const all = keep(await Promise.all(claimIds().map(loadClaim)));
  assert.deepEqual(
    all.flatMap(({ refused }) => refused),
    [],
  );
});
after(() => {
  rmSync(root, { recursive: true });
  for (const [name, value] of Object.entries(previous))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
});

/** The section of a claim. */
const section = (text: string, id: string) =>
  text.split(/\n(?=## )/).find((part) => part.startsWith(`## ${id}\n`)) ?? '';

test('pages are written once, keep what people wrote, and are then what the evidence makes', async () => {
  const chart = 'results/charts/claims/h3-synthetics.svg';
  const kernels = 'results/charts/claims/h3-synthetics-kernels.svg';
  const missing = await outdated();
  assert.ok(
    missing.includes('results/README.md is missing') && missing.includes(`${chart} is missing`),
    missing.join(),
  );
  assert.deepEqual((await writePages()).sort(), ['README.md', 'results/README.md', chart, kernels].sort());
  assert.deepEqual(await outdated(), []);
  assert.deepEqual(await writePages(), []);
  const text = read('README.md');
  assert.ok(text.startsWith("# Somebody's words\n") && text.endsWith('\nMore of them.\n'));
  // What the claims on this machine alone came to changes nothing.
  leave(finished(h3, { task: 'recall-v10', model: 'gss', value: 0.1 }));
  assert.deepEqual(await outdated(), []);
});

test('every claim has a line and a section; one that was not run has its cost', async () => {
  const [text, whole] = [read('README.md'), read('results/README.md')];
  const lines = text.split('\n').filter((line) => line.startsWith('| ['));
  assert.equal(lines.length, claimIds().length);
  for (const id of claimIds()) {
    const claim = await loadClaim(id);
    const line = lines.find((one) => one.includes(`(results/README.md#${id})`)) ?? '';
    assert.ok(line.includes(`[${claim.paper.arxiv}](https://arxiv.org/abs/${claim.paper.arxiv})`), id);
    assert.ok(line.length < 700, `${id}: ${line.length}`);
    assert.equal(line.split(/(?<!\\)\|/).length, 8, line);
    assert.ok(section(whole, id).includes('Criterion, written before the runs: '), id);
    if (['h3-synthetics', 'gss-speed'].includes(id)) continue;
    assert.match(line, /\| - \| desk: .+ \| not run \|$/);
    assert.match(section(whole, id), /Not run yet:\n\n```sh\nrepro /);
  }
});

test('a claim that was run has its rows with intervals, simple methods, verdicts and commands', () => {
  const own = section(read('results/README.md'), 'h3-synthetics');
  const row = (start: string) => own.split('\n').find((line) => line.startsWith(start)) ?? '';
  assert.match(row('| Associative recall | H3 | \\~99.8 (second hand) | 99.80 | 1 |'), /paper, generated-equivalent/);
  assert.match(
    own,
    /\| Associative recall \| H3 \| \\~99\.8 \(second hand\) \| 95\.00 \[92\.52, 97\.48\] \| 3 \| 10\.00 \| desk,.*partial scale \|/,
  );
  assert.match(own, /Simple methods on the same test split of Associative recall: counting words 30\.0 %/);
  assert.match(own, /stand-in:other words/);
  assert.match(own, /!\[Validation curves of h3-synthetics\]\(charts\/claims\/h3-synthetics\.svg\)/);
  assert.match(own, /!\[Learned kernels of h3-synthetics\]\(charts\/claims\/h3-synthetics-kernels\.svg\)/);
  assert.match(own, /<summary>The learned kernels<\/summary>\n\n\| task/);
  const commands = own.split('```')[1].split('\n').slice(1, -1);
  assert.deepEqual(commands, [
    'repro h3-synthetics --scale paper --task recall-v10 --models h3 --seed 0 --data offline --fresh',
    'repro h3-synthetics --scale desk --task recall-v10 --models h3,attention --seeds 0..2 --data offline --fresh',
    'repro h3-synthetics --scale desk --task induction --models h3 --seed 0 --data offline --fresh',
  ]);
  assert.match(own, /Evidence: 8 runs of 2024-01-01, by commit aaaaaaaa: /);
});

test('one task that is settled does not stand for those that were not run', () => {
  assert.match(section(read('results/README.md'), 'h3-synthetics'), /Verdict: \*\*unclear \(1 of 3\); comparisons: /);
  assert.equal(counted(['a', 'b', 'b']), 'b (2), a (1)');
  assert.equal(counted(['a', 'a']), 'a');
});

test('a measured claim has its judged rows, its notes, and the rest folded away', () => {
  const own = section(read('results/README.md'), 'gss-speed');
  assert.match(own, /Verdict: \*\*measured here: same direction\*\*/);
  assert.match(own, /\| training step, over DSS, all lengths \| - \| GSS \| \\~2x \(second hand\) \| 2\.02x \[/);
  assert.match(own, /Measured at desk scale on cpu \(c\), 2 threads, avx2, 2024-01-01, in 1 min 40 s/);
  assert.match(own, /<summary>Everything else that was measured: \d+ rows<\/summary>/);
  assert.match(own, /```sh\nrepro gss-speed --scale desk\n```/);
  assert.match(read('README.md'), /\| \\~2x \(second hand\) \| 2\.02x .* \| desk, cpu \(c\)/);
});

test('the chart has a panel for each task and scale, a colour for each model, and stays small', () => {
  const svg = read('results/charts/claims/h3-synthetics.svg');
  for (const name of [
    'Associative recall, paper scale',
    'Associative recall, desk scale',
    'Induction head, desk scale',
  ])
    assert.ok(svg.includes(`>${name}: validation accuracy, %<`), name);
  assert.equal(svg.match(/<path d="M[^"]+" fill="none" stroke="#0b6e99"/g)?.length, 5);
  assert.equal(svg.match(/<path d="M[^"]+" fill="none" stroke="#d9730d"/g)?.length, 3);
  const kernels = read('results/charts/claims/h3-synthetics-kernels.svg');
  // Of the largest scale of a task: attention has runs at desk scale alone, and no convolution.
  assert.equal(kernels.match(/>H3: taps of a channel, the first</g)?.length, 2);
  assert.ok(kernels.includes('>Associative recall, paper scale: root mean square'));
});

test('what is not what the evidence makes is named with its first line', async () => {
  const before = read('results/README.md');
  writeFileSync(join(root, 'results/README.md'), before.replace('95.00', '99.00'));
  const stray = join(root, 'results/charts/claims/nothing.svg');
  mkdirSync(join(root, 'results/charts/claims'), { recursive: true });
  writeFileSync(stray, '<svg/>');
  const found = await outdated();
  assert.equal(found.length, 2);
  assert.match(found.join('\n'), /results\/charts\/claims\/nothing\.svg is there, and no evidence makes it/);
  assert.match(found.join('\n'), /results\/README\.md, line \d+: is ".*99\.00.*", and the evidence makes ".*95\.00/);
  await writePages();
  assert.ok(!existsSync(stray));
  assert.equal(read('results/README.md'), before);
  writeFileSync(join(root, 'README.md'), 'nothing');
  await assert.rejects(pages(), /README\.md has no place for the claims table: put the lines <!-- claims:/);
  writeFileSync(join(root, 'README.md'), readme);
});

const programs = join(packageRoot, 'node_modules', '.bin');
const fixture = fileURLToPath(new URL('./page.fixture.ts', import.meta.url));
const engines: [string, string[]][] = [
  ['bun', [fixture]],
  ['deno', ['run', '-A', '--no-check', fixture]],
];
const missing = engines.filter(([name]) => !existsSync(join(programs, name)));

function output(program: string, args: string[]): Promise<string> {
  const child = spawn(join(programs, program), args, { env: process.env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (d) => {
    out += d;
  });
  child.stderr.on('data', (d) => {
    err += d;
  });
  return new Promise((resolve, reject) =>
    child.on('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${program} ended with ${code}: ${err}`)),
    ),
  );
}

test('Bun and Deno make the same bytes', { skip: missing.length > 0, timeout: 120_000 }, async () => {
  const [bun, deno] = [await output(...engines[0]), await output(...engines[1])];
  assert.ok(bun.length > 20_000);
  assert.equal(deno, bun);
});

test('the committed pages are what the committed evidence makes: repro table --write makes them anew', async () => {
  const kept = process.env.LONGCONV_COMMITTED;
  delete process.env.LONGCONV_COMMITTED;
  try {
    assert.deepEqual(await outdated(), []);
  } finally {
    process.env.LONGCONV_COMMITTED = kept;
  }
});

test('what a claim is said to show has no numbers: those are in its tables', async () => {
  for (const id of claimIds()) {
    const { shows = '' } = await loadClaim(id);
    assert.doesNotMatch(shows, /(?<![A-Za-z-])\d/, id);
  }
});
