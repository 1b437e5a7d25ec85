/** `kill -9` at any moment, again and again: what comes out in the end is what an undisturbed run gives, bit for bit. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CheckpointFolder } from './checkpoint.ts';
import { Journal } from './journal.ts';

const KILLS = 10;
/** Milliseconds from the start of training to the end of the process. */
const LONGEST = 250;

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-killed-'));
});
after(() => rmSync(folder, { recursive: true }));

interface Ended {
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

/** Runs the fixture in `name`; killed after so many milliseconds of training, if it is not over by then. */
function run(name: string, killAfter?: number): Promise<Ended> {
  const script = fileURLToPath(new URL('./killed.fixture.ts', import.meta.url));
  const runtime = process.versions.bun ? [] : ['run', '-A', '--no-check'];
  const child = spawn(process.execPath, [...runtime, script, join(folder, name), join(folder, 'cache')]);
  const ended: Ended = { signal: null, out: '', err: '' };
  child.stdout.on('data', (text) => {
    ended.out += text;
  });
  child.stderr.on('data', (text) => {
    if (killAfter !== undefined && !ended.err.includes('started') && String(text).includes('started'))
      setTimeout(() => child.kill('SIGKILL'), killAfter);
    ended.err += text;
  });
  return new Promise((resolve) => child.on('close', (_, signal) => resolve({ ...ended, signal })));
}

/** Everything that a run leaves, times aside. */
function left(name: string) {
  const checkpoints = new CheckpointFolder(join(folder, name, 'checkpoints'), null, (line) => assert.fail(line));
  const lines = new Journal(join(folder, name, 'journal.jsonl')).read();
  return {
    steps: lines.flatMap((line) => (line.event === 'step' ? [[line.step, line.loss, line.value, line.rate]] : [])),
    evaluations: lines.flatMap((line) =>
      line.event === 'evaluation' ? [[line.step, line.split, line.loss, line.value, line.count]] : [],
    ),
    checkpoints: checkpoints.steps().map((step) => {
      const { state, tensors } = checkpoints.load(step) ?? assert.fail(`step ${step}`);
      return { state: { ...state, seconds: 0 }, tensors };
    }),
    files: readdirSync(join(folder, name, 'checkpoints')).sort(),
  };
}

test('a run that is killed again and again ends as one that nobody touched', async () => {
  const whole = await run('whole');
  assert.equal(whole.signal, null, whole.err);
  const moments: number[] = [];
  let killed = 0;
  for (let i = 0; i < KILLS; i++) {
    const moment = Math.round(Math.random() * LONGEST);
    moments.push(moment);
    const { signal, err } = await run('killed', moment);
    if (signal === null) break;
    assert.equal(signal, 'SIGKILL', err);
    assert.doesNotMatch(err, /corrupt|foreign/, err);
    killed++;
  }
  const what = `killed after ${moments.join(', ')} ms`;
  assert.ok(killed > 0, what);
  const last = await run('killed');
  assert.equal(last.signal, null, `${what}: ${last.err}`);
  assert.equal(last.out, whole.out, what);
  assert.ok(JSON.parse(last.out).test.count === 40);
  assert.deepEqual(left('killed'), left('whole'), what);
});
