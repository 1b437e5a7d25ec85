/** A disk that becomes full in the middle of training: one sentence, what was kept is whole, and it goes on with room. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Device } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { mount, unmount } from '../data/download/test-process.ts';
import { openAssociativeRecall } from '../data/synthetics/associative-recall.ts';
import { CheckpointFolder } from './checkpoint.ts';
import { Journal } from './journal.ts';
import { type LoopOptions, trainLoop } from './loop.ts';
import type { TrainingPlan } from './plan.ts';

let folder = '';
let device: Device;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-full-'));
  device = await openDevice('cpu');
});
after(async () => {
  await device.close();
  rmSync(folder, { recursive: true });
});

const plan: TrainingPlan = {
  task: 'tokens',
  network: {
    blocks: [{ mixer: 'long-conv', config: { channels: 1, lambda: 0.001, lr: 0.001, output: 'linear' } }],
    ...{ width: 32, length: 22, vocabulary: 10, norm: 'layer', prenorm: true, dropout: 0.1, tiedDropout: false },
    positions: false,
  },
  ...{ batch: 8, accumulation: 1, lr: 0.01, weightDecay: 0.05, betas: [0.9, 0.999], clip: 1 },
  schedule: { kind: 'cosine', warmup: 5, total: 40, warmupFrom: 'one', minFactor: 0 },
  ...{ steps: 40, evaluateEvery: 5, evaluationBatch: 16, metric: 'accuracy', seed: 3 },
};
const sizes = { train: 64, validation: 16, test: 16 };
const run = (place: string, change: Partial<LoopOptions> = {}) =>
  trainLoop(device, openAssociativeRecall({ vocabulary: 10, length: 20, sizes }), plan, {
    ...{ folder: place, configHash: 'hash', config: {}, report: { warn: (line) => assert.fail(line) } },
    ...change,
  });

const checkpoints = (place: string) => new CheckpointFolder(join(place, 'checkpoints'), 'hash', (l) => assert.fail(l));
const losses = (place: string) =>
  new Journal(join(place, 'journal.jsonl')).read().flatMap((line) => (line.event === 'step' ? [line.loss] : []));

/** The one sentence of a disk that is full. */
const full = (file: RegExp) => (error: Error) => {
  assert.equal(error.name, 'StorageError');
  assert.match(
    error.message,
    new RegExp(
      `${file.source} cannot be written \\(no space is left on the device\\): put that right, .*; ` +
        'the last good checkpoint is that of step 12, and the same command goes on from there$',
    ),
  );
  return true;
};

/** Takes what is left, with blank lines. */
function fill(file: string): void {
  for (let size = 2 ** 16; size >= 1; size >>= 1)
    try {
      for (;;) writeFileSync(file, new Uint8Array(size).fill(10), { flag: 'a' });
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    }
}

test('a disk that has no room for the next checkpoint, then none for the journal, then enough', async (t) => {
  const whole = await run(join(folder, 'whole'));
  const disk = join(folder, 'disk');
  if (!mount(disk, '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs')) return t.skip('a small disk cannot be mounted here');
  try {
    const place = join(disk, 'run');
    await run(place, { stopAfter: 12 });
    const kept = () => readdirSync(join(place, 'checkpoints')).sort();
    const before = kept();
    // Room for a few lines of the journal, and not for a checkpoint.
    fill(join(disk, 'filler'));
    await assert.rejects(run(place), full(/checkpoints\/step-00000015\.safetensors/));
    assert.deepEqual(kept(), before);
    // Not even for those.
    fill(join(place, 'journal.jsonl'));
    await assert.rejects(run(place), full(/journal\.jsonl/));
    assert.deepEqual(kept(), before);
    unlinkSync(join(disk, 'filler'));
    const rest = await run(place);
    assert.deepEqual([rest.outcome, rest.test, rest.validation], ['finished', whole.test, whole.validation]);
    assert.deepEqual(losses(place), losses(join(folder, 'whole')));
    assert.deepEqual(checkpoints(place).load(40)?.tensors, checkpoints(join(folder, 'whole')).load(40)?.tensors);
  } finally {
    unmount(disk);
  }
});
